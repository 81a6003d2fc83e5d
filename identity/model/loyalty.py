"""What the loyalty platform keeps of a person, and what it answers. Balances and tiers are its own, and only read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

__all__ = [
    "LoyaltyCapabilities",
    "LoyaltyMember",
    "LoyaltyPolicy",
    "MemberStatus",
    "MergeReceipt",
    "PointsLot",
    "TierPolicy",
]


class MemberStatus(StrEnum):
    """MERGED: another member answers to this number."""

    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"
    MERGED = "MERGED"


class TierPolicy(StrEnum):
    """What becomes of the tier when members are merged."""

    KEEP_SURVIVOR = "keep_survivor"
    HIGHEST = "highest"
    RECOMPUTE = "recompute"


@dataclass(frozen=True, slots=True)
class LoyaltyPolicy:
    """How members are consolidated: in which programme, which tiers there are (lowest first), and which one stays."""

    program: str
    tiers: tuple[str, ...] = ()
    tier_policy: TierPolicy = TierPolicy.HIGHEST


@dataclass(frozen=True, slots=True)
class LoyaltyCapabilities:
    """What a platform can do."""

    merge: bool
    unmerge: bool
    transfer_points: bool
    reassign_card: bool
    survivor_choice: bool
    max_sources: int


@dataclass(frozen=True, slots=True)
class PointsLot:
    """Points with one expiry date."""

    lot: int
    points: int
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class LoyaltyMember:
    """A member as the platform shows it. `pending_points` and `open_redemptions` stand in the way of a merge."""

    number: str
    program: str
    member_type: str
    status: MemberStatus
    tier: str
    points: int
    lots: tuple[PointsLot, ...]
    pending_points: int
    open_redemptions: int
    cards: tuple[str, ...]
    enrolled_at: datetime
    last_activity_at: datetime
    merged_into: str | None
    merged_from: tuple[str, ...]
    version: int
    marks: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MergeReceipt:
    """What a merge did, or its reversal. `survivor` is the member there is, which need not be the one asked for."""

    merge_id: str
    survivor: str
    sources: tuple[str, ...]
    ledger_entries: tuple[int, ...]
    points_moved: int
    tier_before: str
    tier_after: str
    cards_moved: tuple[str, ...]
    warnings: tuple[str, ...] = ()
