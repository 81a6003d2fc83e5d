"""The follower of the loyalty platform."""

from __future__ import annotations

from identity.consumers.loyalty import tasks
from identity.consumers.loyalty.forgetting import LOYALTY, forget
from identity.consumers.loyalty.joining import join
from identity.consumers.loyalty.parting import believe, part, settle_asked_back
from identity.consumers.loyalty.round import Round
from identity.consumers.loyalty.settling import settle_asked
from identity.consumers.named import golden_ids
from identity.consumers.outcomes import ERASED
from identity.model.following import Followed, FollowedOutcome
from identity.model.loyalty import LoyaltyPolicy
from identity.ports import Clock
from identity.ports.consumers import Hold
from identity.ports.delivery import LoggedEvent
from identity.ports.loyalty import LoyaltyBook, LoyaltyPlatform
from identity.ports.remote import Refused, Unavailable

__all__ = ["LOYALTY", "LoyaltyFollower"]


class LoyaltyFollower:
    """See `ports.consumers.Follower`. Points and tiers are the platform's: it is asked to merge and to take back."""

    name = LOYALTY
    types = frozenset({"customer.created", "customer.updated", "customer.merged", "customer.split", ERASED})

    def __init__(
        self, platform: LoyaltyPlatform, book: LoyaltyBook, policy: LoyaltyPolicy, clock: Clock
    ) -> None:
        self._platform, self._book, self._policy, self._clock = platform, book, policy, clock

    def follow(self, event: LoggedEvent, hold: Hold, *, look: bool = False) -> Followed:
        if event.type == ERASED:
            return forget(self._platform, self._book, self._policy, event, hold)
        page = self._book.page(golden_ids(event), self._policy.sources)
        causation = str(event.body.get("operation_id") or event.event_id)
        now = Round(self._platform, self._book, self._policy, hold, page, causation, self._clock.now(), look)
        try:
            _brought_about(now)
        except (Refused, Unavailable):
            hold.note(*now.changed.values())  # what was done is known, also where the rest was not
            raise
        return _followed(now)


def _brought_about(now: Round) -> None:
    settle_asked(now)
    settle_asked_back(now)
    if now.look:
        believe(now)
    part(now)
    for golden_id in now.page.golden_ids:
        join(now, golden_id)


def _followed(now: Round) -> Followed:
    opened = tasks.of(now)
    outcome = FollowedOutcome.DONE if now.changed else FollowedOutcome.NOTHING
    return Followed(
        outcome=FollowedOutcome.BLOCKED if opened else outcome,
        code=tasks.word(opened),
        facts=tuple(now.changed.values()),
        opened=opened,
        cleared=tasks.subjects(now),
        asked=now.asked,
    )
