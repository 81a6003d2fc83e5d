"""What the loyalty platform keeps of a person, and what it answers. Balances and tiers are its own, and only read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

__all__ = [
    "ACTIVE",
    "LOYALTY",
    "LoyaltyCapabilities",
    "LoyaltyMember",
    "LoyaltyMerge",
    "LoyaltyPolicy",
    "MemberStatus",
    "MergeReceipt",
    "MergeStatus",
    "PointsLot",
    "TierPolicy",
]


class MemberStatus(StrEnum):
    """MERGED: another member answers to this number. ANONYMISED: it is nobody's any more."""

    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"
    MERGED = "MERGED"
    ANONYMISED = "ANONYMISED"


class TierPolicy(StrEnum):
    """What becomes of the tier when members are merged."""

    KEEP_SURVIVOR = "keep_survivor"
    HIGHEST = "highest"
    RECOMPUTE = "recompute"


@dataclass(frozen=True, slots=True)
class LoyaltyPolicy:
    """How members are consolidated: in which programme, which tiers there are (lowest first), and which one stays.

    The records of `sources` are members; their id is the member's number.
    """

    program: str
    tiers: tuple[str, ...] = ()
    tier_policy: TierPolicy = TierPolicy.HIGHEST
    sources: tuple[str, ...] = ("loyalty",)


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


class MergeStatus(StrEnum):
    """What this service knows of a merge it asked for. ASKED: whether it was carried out is not known yet. SHORTFALL:
    it should be taken back, and the platform refuses, or with the code ASKED_BACK, has not answered yet."""

    ASKED = "asked"
    DONE = "done"
    REVERSED = "reversed"
    SHORTFALL = "shortfall"
    REFUSED = "refused"


ASKED_BACK = "ASKED_BACK"
"""The code of a merge that the platform was asked to take back: whether it did is not known yet."""
LOYALTY = "loyalty"
"""What the loyalty platform is called among the systems that follow."""
ACTIVE = frozenset({MergeStatus.ASKED, MergeStatus.DONE, MergeStatus.SHORTFALL})
"""Merges that are there, or may be."""


@dataclass(frozen=True, slots=True)
class LoyaltyMerge:
    """A merge that was asked of the platform, under a key: noted before it is, so that the same can be asked again.

    `sides` are the members that became one, each with the numbers of records that answered to it; `asked` is the one
    that was to survive, `survivor` the one that did. `causation` is the operation or event it follows.
    """

    key: str
    program: str
    golden_id: str
    causation: str
    asked: str
    sides: Mapping[str, tuple[str, ...]]
    versions: Mapping[str, int]
    at: datetime
    status: MergeStatus = MergeStatus.ASKED
    merge_id: str = ""
    survivor: str = ""
    ledger_entries: tuple[int, ...] = ()
    points_moved: int = 0
    warnings: tuple[str, ...] = ()
    code: str = ""
    shortfall: int = 0
    number: int = 0

    @property
    def sources(self) -> tuple[str, ...]:
        """The members that go up in the one asked for, in the order in which they were named."""
        return tuple(number for number in self.sides if number != self.asked)

    @property
    def numbers(self) -> frozenset[str]:
        """The numbers of all records that it is about."""
        return frozenset(number for side in self.sides.values() for number in side)
