"""tasks: what a person has to see to, before members can be merged or parted."""

from __future__ import annotations

from collections.abc import Sequence

from identity.consumers.loyalty.round import Round
from identity.model.cluster import GoldenId
from identity.model.review import Concern, ReviewKind
from identity.steps.review import Extent, impact

__all__ = ["of", "subjects", "word"]

_SYSTEMS = 2
"""The master and the platform."""


def of(now: Round) -> list[Concern]:
    """Return the tasks that should be open. They hold numbers of members, ids and words, and nothing about a person."""
    return [_blocked(now, golden_id) for golden_id in sorted(now.blocked)] + [
        _shortfall(now, key) for key in sorted(now.stuck)
    ]


def subjects(now: Round) -> frozenset[str]:
    """Return the subjects of all tasks that there could be about whom a round has looked at."""
    return frozenset(
        {f"{ReviewKind.LOYALTY_BLOCKED}:{golden_id}" for golden_id in now.page.asked}
        | {
            f"{ReviewKind.LOYALTY_SHORTFALL}:{merge.merge_id}"
            for merge in now.merges.values()
            if merge.merge_id
        }
    )


def word(opened: Sequence[Concern]) -> str:
    """Return the word of what stands in the way, "" where nothing does."""
    return str(opened[0].details["reason"]) if opened else ""


def _blocked(now: Round, golden_id: str) -> Concern:
    blockers = now.blocked[golden_id]
    members = now.page.numbers(golden_id)
    return _concern(
        ReviewKind.LOYALTY_BLOCKED,
        [golden_id],
        golden_id,
        {
            "program": now.policy.program,
            "reason": blockers[0][1],
            "members": list(members),
            "blockers": [{"member": number, "kind": kind} for number, kind in blockers],
        },
        len(members),
    )


def _shortfall(now: Round, key: str) -> Concern:
    merge = now.merges[key]
    homes = {home for number in merge.numbers for home in now.page.homes.get(number, frozenset())}
    return _concern(
        ReviewKind.LOYALTY_SHORTFALL,
        sorted(homes),
        merge.merge_id,
        {
            "program": merge.program,
            "reason": merge.code,
            "members": sorted(merge.numbers),
            "merge_id": merge.merge_id,
            "shortfall": merge.shortfall,
        },
        len(merge.numbers),
    )


def _concern(
    kind: ReviewKind, golden_ids: Sequence[str], about: str, details: dict[str, object], members: int
) -> Concern:
    ids = tuple(GoldenId(golden_id) for golden_id in golden_ids)
    told = {"golden_ids": list(ids), **details}
    return Concern(kind, ids, impact(Extent(members, _SYSTEMS)), 1.0, details=told, about=about)
