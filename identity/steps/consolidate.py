"""consolidate: the loyalty members of one person → the member that survives, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from identity.model.loyalty import LoyaltyMember, LoyaltyPolicy, MemberStatus

__all__ = ["Blocker", "BlockerKind", "Consolidation", "consolidate"]


class BlockerKind(StrEnum):
    """Why a member cannot be merged as things stand."""

    OPEN_REDEMPTION = "OPEN_REDEMPTION"
    PENDING_POINTS = "PENDING_POINTS"
    DIFFERENT_PROGRAM = "DIFFERENT_PROGRAM"
    DIFFERENT_MEMBER_TYPE = "DIFFERENT_MEMBER_TYPE"
    MEMBER_BLOCKED = "MEMBER_BLOCKED"


@dataclass(frozen=True, slots=True, order=True)
class Blocker:
    """A member that cannot be merged, and why."""

    number: str
    kind: BlockerKind


@dataclass(frozen=True, slots=True)
class Consolidation:
    """The member that lives on, those that go up in it, and what has to be out of the way first."""

    survivor: LoyaltyMember
    sources: tuple[LoyaltyMember, ...]
    blockers: tuple[Blocker, ...]

    @property
    def expected_versions(self) -> dict[str, int]:
        """The versions this was decided on, by number."""
        return {member.number: member.version for member in (self.survivor, *self.sources)}


def consolidate(members: Iterable[LoyaltyMember], policy: LoyaltyPolicy) -> Consolidation | None:
    """Return how the members become one; None where fewer than two are left to merge.

    The survivor has the highest tier, then the latest activity, then the oldest enrolment, then the smallest number.
    A tier that the policy does not name ranks below those it does. Members merged already are left out.
    """
    living = {each.number: each for each in members if each.status is not MemberStatus.MERGED}
    if len(living) < 2:
        return None
    ranks = {tier: rank for rank, tier in enumerate(policy.tiers)}
    # Stable sorts, the weakest reason first.
    ranked = sorted(living.values(), key=lambda each: (each.enrolled_at, each.number))
    ranked.sort(key=lambda each: (ranks.get(each.tier, -1), each.last_activity_at), reverse=True)
    survivor, *sources = ranked
    blockers = {
        Blocker(each.number, kind)
        for each in ranked
        for kind, stands in _obstacles(each, survivor, policy).items()
        if stands
    }
    return Consolidation(survivor, tuple(sources), tuple(sorted(blockers)))


def _obstacles(
    member: LoyaltyMember, survivor: LoyaltyMember, policy: LoyaltyPolicy
) -> dict[BlockerKind, bool]:
    return {
        BlockerKind.OPEN_REDEMPTION: member.open_redemptions > 0,
        BlockerKind.PENDING_POINTS: member.pending_points > 0,
        BlockerKind.DIFFERENT_PROGRAM: member.program != policy.program,
        BlockerKind.DIFFERENT_MEMBER_TYPE: member.member_type != survivor.member_type,
        BlockerKind.MEMBER_BLOCKED: member.status is not MemberStatus.ACTIVE,
    }
