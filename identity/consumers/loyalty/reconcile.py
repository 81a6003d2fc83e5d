"""reconcile: the whole platform beside the master: who is one member there, and who is one person here.

Nothing is repaired here: what drifts apart is followed once more by the consumer, under its lease and in its order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from identity.model.cluster import GoldenId
from identity.model.following import Drift, Reconciled
from identity.model.loyalty import LoyaltyMerge, LoyaltyPolicy, MemberStatus
from identity.ports.loyalty import LoyaltyBook, LoyaltyPlatform
from identity.steps.untangle import joined

__all__ = ["DriftKind", "reconcile"]


class DriftKind(StrEnum):
    """How the platform and the master differ. UNRECORDED: they agree, and no merge that is known made it so."""

    NOT_MERGED = "NOT_MERGED"
    MERGED_ACROSS = "MERGED_ACROSS"
    UNRECORDED = "UNRECORDED"
    UNKNOWN_THERE = "UNKNOWN_THERE"
    UNKNOWN_HERE = "UNKNOWN_HERE"


_MENDED = frozenset({DriftKind.NOT_MERGED, DriftKind.MERGED_ACROSS})
"""What following once more mends, or makes a task of."""


def reconcile(platform: LoyaltyPlatform, book: LoyaltyBook, policy: LoyaltyPolicy) -> Reconciled:
    """Compare everybody. Unavailable, Refused."""
    # The platform first: what is merged there meanwhile was asked for by then, and is known here.
    members = {member.number: member for member in platform.members()}
    led = {number: member.merged_into for number, member in members.items()}
    nobodys = {number for number, member in members.items() if member.status is MemberStatus.ANONYMISED}
    whose, merges = book.whose(policy.sources), book.active()
    there = {number: _end(led, number) for number in whose.keys() & led.keys()}
    drift = [
        *_apart(there, whose),
        *_across(there, whose),
        *_unrecorded(there, whose, merges),
        *(
            _drift(DriftKind.UNKNOWN_THERE, (number,), (whose[number],))
            for number in whose.keys() - led.keys()
        ),
        *(
            _drift(DriftKind.UNKNOWN_HERE, (number,))
            for number in led.keys() - whose.keys() - _made(merges, led) - nobodys
        ),
    ]
    return Reconciled(len(led), len(set(whose.values())), tuple(sorted(drift)))


def _drift(kind: DriftKind, members: Iterable[str], golden_ids: Iterable[str] = ()) -> Drift:
    ids = tuple(GoldenId(golden_id) for golden_id in sorted(golden_ids))
    return Drift(kind.value, tuple(sorted(members)), ids, kind in _MENDED)


def _end(led: Mapping[str, str | None], number: str) -> str:
    seen = {number}
    while (into := led.get(number)) is not None and into not in seen:
        seen.add(into)
        number = into
    return number


def _groups(of: Mapping[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for number, group in of.items():
        found.setdefault(group, set()).add(number)
    return found


def _apart(there: Mapping[str, str], whose: Mapping[str, GoldenId]) -> Iterable[Drift]:
    for golden_id, numbers in _groups({number: whose[number] for number in there}).items():
        if len({there[number] for number in numbers}) > 1:
            yield _drift(DriftKind.NOT_MERGED, numbers, (golden_id,))


def _across(there: Mapping[str, str], whose: Mapping[str, GoldenId]) -> Iterable[Drift]:
    for numbers in _groups(there).values():
        homes = {whose[number] for number in numbers}
        if len(homes) > 1:
            yield _drift(DriftKind.MERGED_ACROSS, numbers, homes)


def _unrecorded(
    there: Mapping[str, str], whose: Mapping[str, GoldenId], merges: Iterable[LoyaltyMerge]
) -> Iterable[Drift]:
    together = joined(merges)
    for numbers in _groups(there).values():
        first = min(numbers)
        homes = {whose[number] for number in numbers}
        if len(homes) == 1 and not numbers <= together.get(first, frozenset({first})):
            yield _drift(DriftKind.UNRECORDED, numbers, homes)


def _made(merges: Iterable[LoyaltyMerge], led: Mapping[str, str | None]) -> set[str]:
    """Return the members that merges have made: they are the platform's own, and no record of a source."""
    made = {merge.survivor for merge in merges}
    return made | {number for number, into in led.items() if into is not None}
