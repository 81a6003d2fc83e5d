"""courier: the log → one webhook, in the order of each profile.

Each subscriber has a position of its own. An event that fails is held back, and with it whatever comes later of the
same profile; all others go on. A subscriber that fails as a whole is left alone for a while, then tried with one event.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from identity.delivery.cloud_event import SOURCE, written
from identity.delivery.fuse import Fuse
from identity.delivery.post import Outcome
from identity.delivery.rounds import Tried, Turned, Waiting, settlement, sorted_out
from identity.delivery.signing import Secrets, signed
from identity.model.delivery import Lease, Subscriber, SubscriberStatus
from identity.observing.counts import count
from identity.observing.saying import say
from identity.observing.traces import carried, span
from identity.ports import Clock
from identity.ports.delivery import Deliveries, LoggedEvent, Settlement

__all__ = ["Courier", "Delivered", "Send", "deliver"]

Send = Callable[[bytes, Mapping[str, str], datetime], Outcome]
"""Sends signed bytes; see `post.Post`."""

_LOOKED_AT = 500
_NEVER: Callable[[], bool] = lambda: False  # noqa: E731


@dataclass(frozen=True, slots=True)
class Courier:
    """What one subscriber is delivered to with. A lease that is not renewed for `seconds` is another's; a round stops
    sending when half of that has passed. `lanes` are profiles that are told at the same time."""

    deliveries: Deliveries
    name: str
    holder: str
    send: Send
    secrets: Secrets
    clock: Clock
    source: str = SOURCE
    seconds: float = 120.0
    at_once: int = 50
    lanes: int = 4
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a turn came to, why it ended, and when another one is worth it (None: when something happens).

    `held` and `dead` count attempts after which an event was held back, or given up.
    """

    name: str
    taken: int = 0
    held: int = 0
    dead: int = 0
    why: str = "done"
    again_at: datetime | None = None


def deliver(courier: Courier, stopped: Callable[[], bool] = _NEVER) -> Delivered:
    """Deliver what there is, until nothing is left or the subscriber is to be left alone.

    Ends with `done`, `stopped`, `waiting`, `inactive` (paused or disabled), or `taken` where another courier has the
    lease. DeliveryError E704 where a secret is missing; nothing is sent then. LookupFailed E520.
    """
    if idle := _idle(courier):
        return idle
    lease = courier.deliveries.take(courier.name, courier.holder, courier.seconds)
    if lease is None:
        status = courier.deliveries.subscriber(courier.name).status
        return Delivered(courier.name, why="taken" if status is SubscriberStatus.ACTIVE else "inactive")
    try:
        with ThreadPoolExecutor(courier.lanes, f"lane-{courier.name}") as pool:
            return _Turn(courier, lease, pool, stopped).deliver()
    finally:
        courier.deliveries.release(lease)


def _idle(courier: Courier) -> Delivered | None:
    """Return why there is nothing to do, if so: nobody takes a lease, which is written, twice a second for nothing."""
    deliveries, now = courier.deliveries, courier.clock.now()
    subscriber = deliveries.subscriber(courier.name)
    if subscriber.status is not SubscriberStatus.ACTIVE:
        return Delivered(courier.name, why="inactive")
    if subscriber.retry_at and subscriber.retry_at > now:
        return Delivered(courier.name, why="waiting", again_at=subscriber.retry_at)
    due = deliveries.next_due(courier.name)
    if deliveries.events(subscriber.position, 1) or (due and due <= now):
        return None
    return Delivered(courier.name, why="done", again_at=due)


class _Turn:
    """One lease, and what was delivered under it."""

    def __init__(
        self, courier: Courier, lease: Lease, pool: ThreadPoolExecutor, stopped: Callable[[], bool]
    ) -> None:
        self._courier = courier
        self._lease = lease
        self._pool = pool
        self._stopped = stopped
        self._told = Delivered(courier.name)

    def deliver(self) -> Delivered:
        deliveries, name = self._courier.deliveries, self._courier.name
        while not self._stopped():
            subscriber = deliveries.subscriber(name)
            if subscriber.status is not SubscriberStatus.ACTIVE:
                return self._end("inactive")
            if subscriber.retry_at and subscriber.retry_at > self._courier.clock.now():
                return self._end("waiting", subscriber.retry_at)
            found = self._round(subscriber)
            if found is None:
                return self._end("done", deliveries.next_due(name))
            if not deliveries.settle(self._lease, found, self._courier.seconds):
                return self._end("taken")
            self._count(found)
        return self._end("stopped")

    def _end(self, why: str, again_at: datetime | None = None) -> Delivered:
        return replace(self._told, why=why, again_at=again_at)

    def _count(self, found: Settlement) -> None:
        self._told = replace(
            self._told,
            taken=self._told.taken + len(found.delivered),
            held=self._told.held + sum(1 for event in found.held if event.code),
            dead=self._told.dead + len(found.dead),
        )

    def _round(self, subscriber: Subscriber) -> Settlement | None:
        """Return what came of the next few events, None where there are none."""
        fuse = Fuse.of(subscriber)
        due, turned = self._probe(subscriber) if fuse.tripped else self._some(subscriber)
        if not due and turned.position == subscriber.position:
            return None
        tried = self._tried(subscriber, [*due, *turned.fresh], fuse)
        return settlement(subscriber, turned, tried, fuse, self._courier.clock.now(), self._courier.source)

    def _some(self, subscriber: Subscriber) -> tuple[list[Waiting], Turned]:
        due = self._due(subscriber, self._courier.at_once)
        return due, self._turned(subscriber, self._courier.at_once - len(due))

    def _probe(self, subscriber: Subscriber) -> tuple[list[Waiting], Turned]:
        """Return one event to try a subscriber with: a fresh one if one is near, as others may have failed for reasons
        of their own. Its backlog stays in the log."""
        turned = self._turned(subscriber, self._courier.at_once, to_send=1)
        return ([] if turned.fresh else self._due(subscriber, 1)), turned

    def _due(self, subscriber: Subscriber, most: int) -> list[Waiting]:
        return [Waiting(event, held) for held, event in self._courier.deliveries.due(subscriber.name, most)]

    def _turned(self, subscriber: Subscriber, most: int, to_send: int | None = None) -> Turned:
        if most <= 0:
            return Turned((), (), subscriber.position)
        events = self._courier.deliveries.events(subscriber.position, _LOOKED_AT)
        subjects = {event.subject for event in events if subscriber.wants(event.type)}
        waits = self._courier.deliveries.held_subjects(subscriber.name, subjects)
        return sorted_out(events, subscriber, waits, most, most if to_send is None else to_send)

    def _tried(self, subscriber: Subscriber, letters: Sequence[Waiting], fuse: Fuse) -> list[Tried]:
        """Send what is to be sent, each profile in a lane of its own."""
        lanes: dict[str, list[Waiting]] = {}
        for letter in letters:
            lanes.setdefault(letter.event.subject, []).append(letter)
        until = self._courier.monotonic() + self._courier.seconds / 2
        # Before anything is sent: without its secrets a subscriber is told nothing.
        self._headers(subscriber, b"", "nothing")
        done = self._pool.map(lambda lane: self._lane(subscriber, lane, fuse, until), lanes.values())
        return [one for lane in done for one in lane]

    def _lane(self, subscriber: Subscriber, lane: Sequence[Waiting], fuse: Fuse, until: float) -> list[Tried]:
        """Tell the events of one profile, one after the other; after one that is not taken none is sent."""
        tried: list[Tried] = []
        for letter in lane:
            held_up = bool(tried) and not tried[-1].taken
            if held_up or fuse.blown or self._stopped() or self._courier.monotonic() > until:
                tried.append(Tried(letter, None))
                continue
            outcome = self._sent(subscriber, letter.event)
            again = bool(letter.held and letter.held.attempts)
            count("identity_delivery_attempts", subscriber.name, outcome.verdict.value, str(again).lower())
            if outcome.code:
                self._say(subscriber, letter.event, outcome)
            fuse.note(outcome, self._courier.clock.now(), again=again)
            tried.append(Tried(letter, outcome))
        return tried

    def _say(self, subscriber: Subscriber, event: LoggedEvent, outcome: Outcome) -> None:
        told = {"type": event.type, "position": event.position, "correlation_id": event.correlation_id}
        say("not_delivered", "warning", subscriber=subscriber.name, code=outcome.code, **told)

    def _sent(self, subscriber: Subscriber, event: LoggedEvent) -> Outcome:
        content = written(event, self._courier.source)
        headers = self._headers(subscriber, content, event.event_id)
        name, position = subscriber.name, event.position
        with span(f"deliver {event.type}", "client", event.traceparent, position=position, follower=name):
            return self._courier.send(content, {**headers, **carried()}, self._courier.clock.now())

    def _headers(self, subscriber: Subscriber, content: bytes, event_id: str) -> dict[str, str]:
        now = self._courier.clock.now()
        return signed(content, event_id, now, subscriber.secrets, self._courier.secrets)
