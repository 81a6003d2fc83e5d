"""contradict: people's verdicts → those that cannot all hold: the same person and not, be it through others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from identity.model.judgement import Judgement, Verdict
from identity.model.record import RecordKey

__all__ = ["contradictions", "decided_together"]


def contradictions(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts that say "not the same person" of two records that others make the same, and those others.

    Empty when all of them can hold at once.
    """
    home = _homes(verdicts)
    broken = [v for v in verdicts if v.judgement is Judgement.NO_MATCH and home[v.left] == home[v.right]]
    groups = {home[v.left] for v in broken}
    against = [v for v in verdicts if v.judgement is Judgement.MATCH and home[v.left] in groups]
    return sorted({*broken, *against})


def decided_together(verdicts: Iterable[Verdict], keys: Collection[RecordKey]) -> set[RecordKey]:
    """Return all records that verdicts make the same person as one of `keys`, those themselves included."""
    given = list(verdicts)
    home = _homes(given)
    wanted = {home[key] for key in keys if key in home}
    return {key for key, at in home.items() if at in wanted} | set(keys)


def _homes(verdicts: Iterable[Verdict]) -> dict[RecordKey, RecordKey]:
    """Return per record the smallest one that it is said to be the same person as."""
    above: dict[RecordKey, RecordKey] = {}

    def find(key: RecordKey) -> RecordKey:
        while above.setdefault(key, key) != key:
            above[key] = above[above[key]]
            key = above[key]
        return key

    for said in verdicts:
        left, right = sorted((find(said.left), find(said.right)))
        if said.judgement is Judgement.MATCH:
            above[right] = left
    return {key: find(key) for key in list(above)}
