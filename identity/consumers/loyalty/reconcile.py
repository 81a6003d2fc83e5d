"""reconcile: the whole platform beside the master: who is one member there, and who is one person here.

Nothing is repaired here: what drifts apart is followed once more by the consumer, under its lease and in its order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from identity.model.cluster import GoldenId
from identity.model.loyalty import LoyaltyMerge, LoyaltyPolicy
from identity.ports.loyalty import LoyaltyBook, LoyaltyPlatform
from identity.steps.untangle import joined

__all__ = ["REPAIRED", "Drift", "DriftKind", "Reconciled", "reconcile"]


class DriftKind(StrEnum):
    """How the platform and the master differ. UNRECORDED: they agree, and no merge that is known made it so."""

    NOT_MERGED = "NOT_MERGED"
    MERGED_ACROSS = "MERGED_ACROSS"
    UNRECORDED = "UNRECORDED"
    UNKNOWN_THERE = "UNKNOWN_THERE"
    UNKNOWN_HERE = "UNKNOWN_HERE"


REPAIRED = frozenset({DriftKind.NOT_MERGED, DriftKind.MERGED_ACROSS})
"""What following once more may mend, or make a task of."""


@dataclass(frozen=True, slots=True, order=True)
class Drift:
    """One difference: the members concerned, and whose they are here."""

    kind: DriftKind
    members: tuple[str, ...]
    golden_ids: tuple[GoldenId, ...] = ()


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many members were compared, of how many profiles, and what is different."""

    members: int
    profiles: int
    drift: tuple[Drift, ...]


def reconcile(platform: LoyaltyPlatform, book: LoyaltyBook, policy: LoyaltyPolicy) -> Reconciled:
    """Compare everybody. Unavailable, Refused."""
    # The platform first: what is merged there meanwhile was asked for by then, and is known here.
    led = {member.number: member.merged_into for member in platform.members()}
    whose, merges = book.whose(policy.sources), book.active()
    there = {number: _end(led, number) for number in whose.keys() & led.keys()}
    drift = [
        *_apart(there, whose),
        *_across(there, whose),
        *_unrecorded(there, whose, merges),
        *(
            Drift(DriftKind.UNKNOWN_THERE, (number,), (whose[number],))
            for number in whose.keys() - led.keys()
        ),
        *(
            Drift(DriftKind.UNKNOWN_HERE, (number,))
            for number in led.keys() - whose.keys() - _made(merges, led)
        ),
    ]
    return Reconciled(len(led), len(set(whose.values())), tuple(sorted(drift)))


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
            yield Drift(DriftKind.NOT_MERGED, tuple(sorted(numbers)), (GoldenId(golden_id),))


def _across(there: Mapping[str, str], whose: Mapping[str, GoldenId]) -> Iterable[Drift]:
    for numbers in _groups(there).values():
        homes = {whose[number] for number in numbers}
        if len(homes) > 1:
            yield Drift(DriftKind.MERGED_ACROSS, tuple(sorted(numbers)), tuple(sorted(homes)))


def _unrecorded(
    there: Mapping[str, str], whose: Mapping[str, GoldenId], merges: Iterable[LoyaltyMerge]
) -> Iterable[Drift]:
    together = joined(merges)
    for numbers in _groups(there).values():
        first = min(numbers)
        homes = {whose[number] for number in numbers}
        if len(homes) == 1 and not numbers <= together.get(first, frozenset({first})):
            yield Drift(DriftKind.UNRECORDED, tuple(sorted(numbers)), tuple(sorted(homes)))


def _made(merges: Iterable[LoyaltyMerge], led: Mapping[str, str | None]) -> set[str]:
    """Return the members that merges have made: they are the platform's own, and no record of a source."""
    made = {merge.survivor for merge in merges}
    return made | {number for number, into in led.items() if into is not None}
