"""What one round of consolidation knows, and what it has done so far."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from identity.model.loyalty import (
    ACTIVE,
    LoyaltyMember,
    LoyaltyMerge,
    LoyaltyPolicy,
    MergeReceipt,
    MergeStatus,
)
from identity.ports.consumers import Hold
from identity.ports.loyalty import LoyaltyBook, LoyaltyPage, LoyaltyPlatform
from identity.ports.remote import Refused

__all__ = ["Round"]


@dataclass
class Round:
    """The page as it was read, the merges as they are known by now, and what was found to stand in the way.

    `changed` are the merges that have to be kept with the event, by key. `blocked` tells members of a
    profile that cannot be merged, each with a word why, `stuck` why a merge cannot be taken back.
    """

    platform: LoyaltyPlatform
    book: LoyaltyBook
    policy: LoyaltyPolicy
    hold: Hold
    page: LoyaltyPage
    causation: str
    at: datetime
    look: bool
    asked: bool = False
    merges: dict[str, LoyaltyMerge] = field(default_factory=dict)
    changed: dict[str, LoyaltyMerge] = field(default_factory=dict)
    blocked: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    stuck: dict[str, Refused] = field(default_factory=dict)
    _past: list[frozenset[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.merges = {merge.key: merge for merge in self.page.merges}
        self._past = list(self.page.past)

    @property
    def active(self) -> list[LoyaltyMerge]:
        """The merges that are there, or may be, the oldest first."""
        return [merge for merge in self.merges.values() if merge.status in ACTIVE]

    def member(self, number: str) -> LoyaltyMember:
        """Return the member that answers to a number. Unavailable, Refused."""
        member = self.platform.member(number)
        self.asked = True
        return member

    def shared(self, member: LoyaltyMember, golden_id: str) -> bool:
        """Say whether a member at the platform answers for somebody else's records too, recorded or not."""
        others = {member.number, *member.merged_from}
        known = {number: self.page.homes[number] for number in others & self.page.homes.keys()}
        if unknown := others - known.keys():
            known |= self.book.homes(unknown, self.policy.sources)
        return any(homes - {golden_id} for homes in known.values())

    def earlier(self, numbers: frozenset[str]) -> int:
        """Return how many merges were ever asked for that are about one of these."""
        return sum(1 for about in self._past if about & numbers)

    def note(self, merge: LoyaltyMerge) -> None:
        """Keep a merge at once, before it is asked for or when it was refused."""
        self.hold.note(merge)
        if merge.key not in self.merges:
            self._past.append(merge.numbers)
        self.merges[merge.key] = merge

    def change(self, merge: LoyaltyMerge) -> LoyaltyMerge:
        """Keep a merge with the event."""
        self.merges[merge.key] = self.changed[merge.key] = merge
        return merge

    def carried_out(self, merge: LoyaltyMerge) -> LoyaltyMerge:
        """Ask for a merge, and keep what it did. Unavailable, Refused."""
        receipt = self.platform.merge(
            merge.asked,
            merge.sources,
            idempotency_key=merge.key,
            golden_id=merge.golden_id,
            reason="one person",
            expected_versions=merge.versions,
        )
        self.asked = True
        return self.change(_done(merge, receipt))


def _done(merge: LoyaltyMerge, receipt: MergeReceipt) -> LoyaltyMerge:
    return replace(
        merge,
        status=MergeStatus.DONE,
        merge_id=receipt.merge_id,
        survivor=receipt.survivor,
        ledger_entries=receipt.ledger_entries,
        points_moved=receipt.points_moved,
        warnings=receipt.warnings,
    )
