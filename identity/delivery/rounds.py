"""rounds: what was tried of a few events → what is kept of it: what is taken, held back, given up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from identity.delivery.cloud_event import SOURCE, written
from identity.delivery.fuse import Fuse
from identity.delivery.post import Outcome, Verdict
from identity.delivery.schedule import again_after
from identity.model.delivery import DeadLetter, HeldEvent, Subscriber
from identity.ports.delivery import LoggedEvent, Settlement

__all__ = ["Tried", "Turned", "Waiting", "settlement", "sorted_out"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event whose turn has come, and how it was held until now (None: it is told for the first time)."""

    event: LoggedEvent
    held: HeldEvent | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one; without an outcome its turn did not come."""

    letter: Waiting
    outcome: Outcome | None

    @property
    def taken(self) -> bool:
        return self.outcome is not None and self.outcome.verdict is Verdict.TAKEN


@dataclass(frozen=True, slots=True)
class Turned:
    """What is next in the log: events to send, events that wait behind one that is held, and how far was looked."""

    fresh: Sequence[Waiting]
    behind: Sequence[LoggedEvent]
    position: int


def sorted_out(
    events: Iterable[LoggedEvent], subscriber: Subscriber, waits: frozenset[str], most: int, to_send: int
) -> Turned:
    """Return what is next, in the order of the log: at most so many events that are wanted, and of these so many to
    send."""
    fresh: list[Waiting] = []
    behind: list[LoggedEvent] = []
    position = subscriber.position
    for event in events:
        if subscriber.wants(event.type):
            if len(fresh) + len(behind) == most or len(fresh) == to_send:
                break
            if event.subject in waits:
                behind.append(event)
            else:
                fresh.append(Waiting(event))
        position = event.position
    return Turned(fresh, behind, position)


def settlement(
    subscriber: Subscriber,
    turned: Turned,
    tried: Sequence[Tried],
    fuse: Fuse,
    now: datetime,
    source: str = SOURCE,
) -> Settlement:
    """Return what is kept of a round."""
    left = [_left(subscriber.name, one, fuse, now, source) for one in tried if not one.taken]
    behind = [_held(subscriber.name, event, now) for event in turned.behind]
    return Settlement(
        position=turned.position,
        delivered=[one.letter.event.position for one in tried if one.taken],
        held=[*(one for one in left if isinstance(one, HeldEvent)), *behind],
        dead=[one for one in left if isinstance(one, DeadLetter)],
        failures=fuse.failures,
        failing_since=fuse.failing_since,
        retry_at=fuse.retry_at,
        disabled=fuse.disabled,
    )


def _held(follower: str, event: LoggedEvent, now: datetime) -> HeldEvent:
    return HeldEvent(follower, event.position, event.subject, 0, now, now)


def _left(follower: str, tried: Tried, fuse: Fuse, now: datetime, source: str) -> HeldEvent | DeadLetter:
    """Return what is kept of an event that was not taken. That an attempt failed counts against it; that its turn did
    not come, that the subscriber asks for time, or fails as a whole, does not."""
    event, outcome = tried.letter.event, tried.outcome
    held = tried.letter.held or _held(follower, event, now)
    if outcome is None:
        return replace(held, next_at=max(held.next_at, fuse.retry_at or now))
    told = replace(held, last_at=now, code=outcome.code, next_at=fuse.retry_at or now)
    if outcome.verdict is not Verdict.FAILED or fuse.tripped:
        return told
    attempts = held.attempts + 1
    wait = again_after(attempts)
    if wait is not None:
        return replace(told, attempts=attempts, next_at=now + wait)
    return DeadLetter(
        follower,
        event.subject,
        event.position,
        event.event_id,
        outcome.code,
        f"not taken in {attempts} attempts",
        attempts,
        held.first_at,
        now,
        written(event, source).decode(),
    )
