"""untangle: merges at the loyalty platform, and whose their members are now → the merges to take back.

A merge is divided when its two sides are records of different profiles. A platform takes a merge back only while its
survivor is not itself merged away: later merges that stand on a divided one come back first, and what of them still
belongs together is merged anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from identity.model.loyalty import LoyaltyMerge

__all__ = ["Homes", "divided", "joined", "untangle"]

Homes = Mapping[str, frozenset[str]]


def untangle(merges: Sequence[LoyaltyMerge], homes: Homes) -> list[LoyaltyMerge]:
    """Return the merges to take back, the latest first. `merges` come the oldest first."""
    wanted = {merge.key for merge in merges if divided(merge, homes)}
    for at, merge in enumerate(merges):
        if merge.key in wanted:
            wanted |= _standing_on(merge, merges[at + 1 :])
    return [merge for merge in reversed(merges) if merge.key in wanted]


def divided(merge: LoyaltyMerge, homes: Homes) -> bool:
    """Say whether the sides of a merge are of different profiles now. Records that were deleted are nobody's."""
    return len({home for number, side in merge.sides.items() for home in _of(number, side, homes)}) > 1


def _of(number: str, side: Iterable[str], homes: Homes) -> frozenset[str]:
    """Return whose a side is: of the member that stands for it, or where that is no record, of those behind it."""
    if number in homes:
        return homes[number]
    return frozenset(home for behind in side for home in homes.get(behind, frozenset()))


def _standing_on(merge: LoyaltyMerge, later: Iterable[LoyaltyMerge]) -> set[str]:
    """Return the later merges by which the survivor of a merge, or whom that went up in, was merged away."""
    names, found = {merge.survivor or merge.asked}, set[str]()
    for other in later:
        survivor = other.survivor or other.asked
        gone = {number for number in other.sides if number != survivor}
        if names & gone:
            names.add(survivor)
            found.add(other.key)
    return found


def joined(merges: Iterable[LoyaltyMerge]) -> dict[str, frozenset[str]]:
    """Return who is one member with whom at the platform, by the number of every member that a merge names.

    Whom a member stood for when it was merged does not count: an earlier merge may have been taken back since.
    """
    together: dict[str, frozenset[str]] = {}
    for merge in merges:
        named = {*merge.sides, merge.survivor or merge.asked}
        union = frozenset().union(*(together.get(number, {number}) for number in named))
        together |= dict.fromkeys(union, union)
    return together
