"""following: the log → one follower, by one process at a time, in the order of each profile.

What an event does elsewhere is done outside any transaction, in a way that can be repeated; then the inbox, what is
kept of the effect, review tasks, propagation and position are committed together, and only while the lease is still
ours. An event that fails is held, and with it whatever comes later of the same profile; all others go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import random
from threading import Event as Stop

from identity.consumers.breaker import Breaker
from identity.consumers.outcomes import Tried, left, reached
from identity.consumers.waiting import Waiting, probe, waiting
from identity.model.delivery import DeadLetter, HeldEvent, Lease
from identity.model.errors import StoreError
from identity.model.following import Followed, FollowedOutcome
from identity.observing.counts import count
from identity.observing.saying import say
from identity.observing.traces import span
from identity.ports import Clock
from identity.ports.consumers import Consumers, Dealt, Feed, Follower, FollowerLost, Progress
from identity.ports.delivery import LoggedEvent
from identity.ports.remote import Refused, Unavailable

__all__ = ["Following", "Worked", "follow", "follow_until"]

OURS = frozenset({"UNAUTHENTICATED", "HTTP_401", "HTTP_403", "FORBIDDEN"})
"""Refusals that say something about us, and nothing about the event."""


@dataclass(frozen=True, slots=True)
class Following:
    """What a follower is run with. `holder` names the process; a lease that is not renewed for `seconds` is another's.
    `written` is an event as a dead letter keeps it."""

    consumers: Consumers
    follower: Follower
    feed: Feed
    clock: Clock
    holder: str
    written: Callable[[LoggedEvent], str]
    seconds: float = 45.0
    at_once: int = 100
    pause: float = 0.5
    chance: Callable[[], float] = random
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Worked:
    """What a turn came to: events dealt with, those that did something, that a person has to see to, that were held or
    given up; why it ended, and when another one is worth it (None: when something happens)."""

    name: str
    dealt: int = 0
    acted: int = 0
    blocked: int = 0
    held: int = 0
    dead: int = 0
    why: str = "done"
    again_at: datetime | None = None


def follow(room: Following, stop: Stop | None = None) -> Worked:
    """Follow what the log has; with `stop`, also what it gets until that is set.

    Ends with `done` or `stopped`; with `waiting` where the other system is to be left alone; with `taken` where
    another process follows, or has taken over. StoreError where the database is away.
    """
    name = room.follower.name
    room.consumers.register(name)
    lease = room.consumers.take(name, room.holder, room.seconds)
    if lease is None:
        return Worked(name, why="taken")
    turn = _Turn(room, lease, stop)
    try:
        return turn.work()
    except FollowerLost:
        return replace(turn.worked, why="taken")
    finally:
        room.consumers.release(lease)


def follow_until(room: Following, stop: Stop, tell: Callable[[Worked], None] = lambda _: None) -> None:
    """Follow until `stop` is set, whatever happens to the database or to other processes meanwhile."""
    while not stop.is_set():
        try:
            told = follow(room, stop)
        except StoreError as error:
            told = Worked(room.follower.name, why=error.code)
        tell(told)
        if not stop.is_set():
            stop.wait(room.pause)


def _is_final(refusal: Refused) -> bool:
    """Say whether it will be refused again. A number without a word may be another server's, such as a proxy's."""
    return refusal.word not in OURS and not refusal.word.startswith("HTTP_")


@dataclass
class _Batch:
    """What was done since it was last kept."""

    dealt: list[Dealt] = field(default_factory=list)
    held: list[HeldEvent] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)
    events: list[LoggedEvent] = field(default_factory=list)


class _Turn:
    """One lease, and what was done under it. It is the `Hold` that the follower gets."""

    def __init__(self, room: Following, lease: Lease, stop: Stop | None) -> None:
        self._room, self._lease, self._stop = room, lease, stop
        known = room.consumers.consumer(lease.name)
        self._position, self._breaker = known.position, Breaker.of(known)
        self._beaten = room.monotonic()
        self._batch = _Batch()
        self.worked = Worked(lease.name)

    def note(self, *facts: object) -> None:
        if not self._room.consumers.note(self._lease, facts, self._room.seconds):
            raise FollowerLost

    def work(self) -> Worked:
        room = self._room
        while not self._stopped():
            if self._breaker.open_at(room.clock.now()):
                if self._stop is None:
                    return replace(self.worked, why="waiting", again_at=self._breaker.retry_at)
                self._rest()
                continue
            batch = self._next()
            if batch is not None:
                self._follow(batch)
            elif self._stop is None:
                return replace(self.worked, again_at=room.consumers.next_due(self._lease.name))
            else:
                self._rest()
        return replace(self.worked, why="stopped")

    def _next(self) -> list[Waiting] | None:
        if self._breaker.probing:
            return probe(self._room, self._position)
        return waiting(self._room, self._position, self._room.at_once, self._stop)

    def _stopped(self) -> bool:
        return self._stop is not None and self._stop.is_set()

    def _rest(self) -> None:
        assert self._stop is not None
        self._stop.wait(self._room.pause)
        if self._room.monotonic() - self._beaten > self._room.seconds / 4:
            self._beaten = self._room.monotonic()
            if not self._room.consumers.beat(self._lease, self._room.seconds):
                raise FollowerLost

    def _follow(self, batch: list[Waiting]) -> None:
        """Deal with some events, one after the other; those whose turn does not come are untouched, and come again."""
        parked: set[str] = set()
        with self._keeping():
            for each in batch:
                if self._stopped() or self._breaker.open_at(self._room.clock.now()):
                    return
                if each.behind or each.event.subject in parked:
                    self._park(each)
                elif not self._deal(each):
                    parked.add(each.event.subject)

    def _park(self, each: Waiting) -> None:
        self._batch.events.append(each.event)
        if each.held is None:
            now = self._room.clock.now()
            self._batch.held.append(
                HeldEvent(self._lease.name, each.event.position, each.event.subject, 0, now, now)
            )

    def _deal(self, each: Waiting) -> bool:
        """Try one event; False where it was not dealt with. What did nothing is kept with what comes after it."""
        event, name = each.event, self._lease.name
        with span(
            f"follow {event.type}", "consumer", event.traceparent, position=event.position, follower=name
        ):
            return self._dealt(each)

    def _dealt(self, each: Waiting) -> bool:
        tried = self._tried(each)
        outcome = tried.followed.outcome.value if tried.followed else "failed"
        again = each.held is not None and each.held.attempts > 0
        count("identity_followed_events", self._lease.name, outcome, str(again).lower())
        batch = self._batch
        batch.events.append(each.event)
        if tried.followed is not None:
            batch.dealt.append(Dealt(each.event, tried.followed, reached(each.event, tried.followed)))
            if tried.asked_elsewhere:
                self._breaker = self._breaker.succeeded()
            if tried.followed.facts or tried.followed.opened or self._breaker.revived:
                self._keep()
            return True
        self._say(each.event, tried)
        now = self._room.clock.now()
        counts = tried.final or self._breaker.counts(tried.code)
        if tried.final:
            self._breaker = self._breaker.succeeded()  # it has answered
        else:
            self._breaker = self._breaker.failed(now, tried.code, tried.wait, self._room.chance, again=again)
        kept = left(self._lease.name, tried, counts, self._breaker, now, self._room)
        (batch.dead if isinstance(kept, DeadLetter) else batch.held).append(kept)  # type: ignore[arg-type]
        batch.tried.append(replace(tried, final=isinstance(kept, DeadLetter)))
        self._keep()
        return False

    def _say(self, event: LoggedEvent, tried: Tried) -> None:
        told = {"type": event.type, "position": event.position, "correlation_id": event.correlation_id}
        say("not_followed", "warning", consumer=self._lease.name, code=tried.code, final=tried.final, **told)

    def _tried(self, each: Waiting) -> Tried:
        follower = self._room.follower
        if each.event.type not in follower.types:
            return Tried(each, Followed(FollowedOutcome.UNWANTED))
        try:
            return Tried(each, follower.follow(each.event, self, look=each.held is not None))
        except (FollowerLost, StoreError):
            raise
        except Unavailable as problem:
            return Tried(each, code=problem.code, wait=problem.retry_after)
        except Refused as refusal:
            return Tried(each, code=refusal.word, final=_is_final(refusal))
        except Exception as flaw:
            # Its text may quote values: only what it is.
            return Tried(each, code=type(flaw).__name__)

    @contextmanager
    def _keeping(self) -> Iterator[None]:
        yield
        self._keep()

    def _keep(self) -> None:
        """Commit what was done; nothing of it is kept where another process has taken over."""
        batch, self._batch = self._batch, _Batch()
        if not batch.events:
            return
        progress = Progress(
            done=batch.dealt,
            held=batch.held,
            dead=batch.dead,
            missed=[said for tried in batch.tried for said in reached(tried.waiting.event, None, tried)],
            failures=self._breaker.failures,
            failing_since=self._breaker.failing_since,
            retry_at=self._breaker.retry_at,
            revived=self._breaker.revived,
        )
        settled = self._room.consumers.settle(self._lease, progress, self._room.seconds)
        if settled is None:
            raise FollowerLost
        self._position, self._beaten = settled.position, self._room.monotonic()
        self._breaker = replace(self._breaker, began=self._breaker.failures)
        self._count(batch)
        self._room.feed.acknowledge(batch.events)

    def _count(self, batch: _Batch) -> None:
        outcomes = [dealt.followed.outcome for dealt in batch.dealt]
        self.worked = replace(
            self.worked,
            dealt=self.worked.dealt + len(outcomes),
            acted=self.worked.acted + outcomes.count(FollowedOutcome.DONE),
            blocked=self.worked.blocked + outcomes.count(FollowedOutcome.BLOCKED),
            held=self.worked.held + sum(1 for tried in batch.tried if not tried.final),
            dead=self.worked.dead + len(batch.dead),
        )
