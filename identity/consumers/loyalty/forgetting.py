"""forgetting: members of somebody who was erased are nobody's at the platform any more; their points stay there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from identity.consumers.loyalty.parting import part, settle_asked_back
from identity.consumers.loyalty.round import Round
from identity.model.cluster import GoldenId
from identity.model.following import Followed, FollowedOutcome, Forgotten
from identity.model.loyalty import LOYALTY, LoyaltyMember, LoyaltyPolicy, MemberStatus
from identity.ports.consumers import Hold
from identity.ports.delivery import LoggedEvent
from identity.ports.loyalty import LoyaltyBook, LoyaltyPlatform
from identity.ports.remote import Refused

__all__ = ["LOYALTY", "forget"]

MERGED_WITH_ANOTHER = "MERGED_WITH_ANOTHER"
"""The platform's member answers for somebody who is known here too: a person has to part them there first."""


def forget(
    platform: LoyaltyPlatform, book: LoyaltyBook, policy: LoyaltyPolicy, event: LoggedEvent, hold: Hold
) -> Followed:
    """Have the members anonymised that an erasure named. What is somebody's here by now is left alone.

    Unavailable; Refused, with MERGED_WITH_ANOTHER too.
    """
    erasure_id = str(event.body.get("erasure_id", ""))
    numbers = book.errands(erasure_id, LOYALTY)
    if numbers is None:
        return Followed(FollowedOutcome.UNWANTED)
    forgetting = _Forgetting(platform, book, policy, event, hold, frozenset(numbers))
    changed = [number for number in numbers if forgetting.forgotten(number, erasure_id)]
    outcome = FollowedOutcome.DONE if changed else FollowedOutcome.NOTHING
    return Followed(outcome, facts=(Forgotten(LOYALTY, erasure_id),), asked=bool(numbers))


@dataclass(frozen=True, slots=True)
class _Forgetting:
    """One erasure, and the `numbers` of the members it named."""

    platform: LoyaltyPlatform
    book: LoyaltyBook
    policy: LoyaltyPolicy
    event: LoggedEvent
    hold: Hold
    numbers: frozenset[str]

    def forgotten(self, number: str, erasure_id: str) -> bool:
        """Have a member anonymised, unless that was done before, or they came back by their own will."""
        member = _member(self.platform, number)
        if member is None or member.status is MemberStatus.ANONYMISED:
            return False
        homes = self._homes(member, number)
        if homes and number not in homes:
            self._part(homes)
            member = self.platform.member(number)
            homes = self._homes(member, number)
        if number in homes:
            return False
        _refuse_others(homes)
        self.hold.note()
        self.platform.anonymise(number, idempotency_key=_key(erasure_id, number))
        return True

    def _homes(self, member: LoyaltyMember, number: str) -> Mapping[str, frozenset[GoldenId]]:
        return self.book.homes({number, member.number, *member.merged_from}, self.policy.sources)

    def _part(self, homes: Mapping[str, frozenset[GoldenId]]) -> None:
        """Take back merges of ours with others who were somebody else again before the erasure: what told that is of
        another profile, and may come later; by then nobody knows whose the members were."""
        page = self.book.page({home for found in homes.values() for home in found}, self.policy.sources)
        theirs = frozenset({GoldenId(self.event.subject)})
        gone = {number: theirs for number in self.numbers if not page.homes.get(number)}
        page = replace(page, homes={**page.homes, **gone})
        now = Round(
            self.platform,
            self.book,
            self.policy,
            self.hold,
            page,
            self.event.event_id,
            self.event.time,
            look=False,
        )
        settle_asked_back(now)
        part(now)
        self.hold.note(*now.changed.values())


def _member(platform: LoyaltyPlatform, number: str) -> LoyaltyMember | None:
    try:
        return platform.member(number)
    except Refused as refusal:
        if refusal.word != "UNKNOWN_MEMBER":
            raise
        return None


def _refuse_others(homes: Mapping[str, object]) -> None:
    if homes:
        raise Refused(MERGED_WITH_ANOTHER, "The member there answers for somebody else too.")


def _key(erasure_id: str, number: str) -> str:
    return hashlib.sha256(f"{erasure_id}\nanonymise {number}".encode()).hexdigest()[:40]
