"""forgetting: members of somebody who was erased are nobody's at the platform any more; their points stay there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from identity.model.following import Followed, FollowedOutcome, Forgotten
from identity.model.loyalty import LoyaltyMember, LoyaltyPolicy, MemberStatus
from identity.ports.consumers import Hold
from identity.ports.delivery import LoggedEvent
from identity.ports.loyalty import LoyaltyBook, LoyaltyPlatform
from identity.ports.remote import Refused

__all__ = ["LOYALTY", "forget"]

LOYALTY = "loyalty"
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
    changed = False
    for number in numbers:
        member = _member(platform, number)
        if member is None or member.status is MemberStatus.ANONYMISED:
            continue
        homes = book.homes({number, member.number, *member.merged_from}, policy.sources)
        if number in homes:
            continue  # they came back by their own will
        _refuse_others(homes)
        hold.note()
        platform.anonymise(number, idempotency_key=_key(erasure_id, number))
        changed = True
    outcome = FollowedOutcome.DONE if changed else FollowedOutcome.NOTHING
    return Followed(outcome, facts=(Forgotten(LOYALTY, erasure_id),), asked=bool(numbers))


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
