"""outcomes: what was tried of an event → what is held back or given up, and how far its decision came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from identity.consumers.breaker import Breaker
from identity.consumers.schedule import ATTEMPTS, backoff
from identity.consumers.waiting import Waiting
from identity.model.delivery import DeadLetter, HeldEvent
from identity.model.following import Followed, FollowedOutcome, PropagationStatus, Reached
from identity.ports.delivery import LoggedEvent

__all__ = ["ERASED", "Tried", "left", "reached"]

ERASED = "customer.erased"


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of an event. Without `followed` it failed, for the reason `code`; a `final` refusal stays one, `wait`
    are seconds for which the other system wants to be left alone."""

    waiting: Waiting
    followed: Followed | None = None
    code: str = ""
    wait: float | None = None
    final: bool = False

    @property
    def asked_elsewhere(self) -> bool:
        """Whether the other system has answered."""
        return self.followed is not None and self.followed.asked


class Room(Protocol):
    @property
    def chance(self) -> Callable[[], float]: ...
    @property
    def written(self) -> Callable[[LoggedEvent], str]: ...


def left(
    follower: str, tried: Tried, counts: bool, breaker: Breaker, now: datetime, room: Room
) -> HeldEvent | DeadLetter:
    """Return what is kept of an event that was not followed: it is held, or after its last attempt given up."""
    event = tried.waiting.event
    held = tried.waiting.held or HeldEvent(follower, event.position, event.subject, 0, now, now)
    attempts = held.attempts + counts
    if not tried.final and attempts < ATTEMPTS:
        soonest = now + backoff(attempts, room.chance, tried.wait)
        next_at = max(soonest, breaker.retry_at or soonest)
        return replace(held, attempts=attempts, last_at=now, next_at=next_at, code=tried.code)
    return DeadLetter(
        follower,
        event.subject,
        event.position,
        event.event_id,
        tried.code,
        "refused" if tried.final else f"failed in {attempts} attempts",
        attempts,
        held.first_at,
        now,
        room.written(event),
    )


def reached(event: LoggedEvent, followed: Followed | None, tried: Tried | None = None) -> list[Reached]:
    """Return how far the decision came that an event tells of: of a person by its operation, of the machine by the ids
    that it merged away; of an erasure by its id."""
    if event.type == ERASED and followed is not None and followed.outcome is FollowedOutcome.UNWANTED:
        return []  # it was not told when that was, and knows nothing of it
    status, code = PropagationStatus.ACKNOWLEDGED, ""
    if followed is not None and followed.outcome is FollowedOutcome.BLOCKED:
        status, code = PropagationStatus.FAILED, followed.code
    if tried is not None:
        status = PropagationStatus.FAILED if tried.final else PropagationStatus.PENDING
        code = tried.code
    return [Reached(causation, status, code) for causation in _causations(event)]


def _causations(event: LoggedEvent) -> list[str]:
    if event.type == ERASED:
        return [str(event.body["erasure_id"])] if "erasure_id" in event.body else []
    if operation := event.body.get("operation_id"):
        return [str(operation)]
    retired = event.body.get("retired", ())
    return [str(golden_id) for golden_id in retired] if isinstance(retired, list | tuple) else []
