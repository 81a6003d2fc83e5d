"""relay: the log → a stream, in its order, by one relay at a time.

The database remembers how far was published, and only after it was. Where the two disagree the stream is believed about
what it has, and the log about what there is: a stream that lost its end is continued from there, one that is gone is
begun anew with whatever some reader is not done with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from threading import Event as Stop

from identity.delivery.cloud_event import SOURCE, letter
from identity.delivery.redis_stream import STREAM
from identity.model.delivery import Lease, SubscriberStatus
from identity.model.errors import DeliveryError, StoreError
from identity.observing.counts import count
from identity.observing.traces import span
from identity.ports.delivery import Claim, Deliveries, LoggedEvent, Sink, SinkLost, Tail

__all__ = ["Relay", "Relayed", "relay", "relay_until"]


@dataclass(frozen=True, slots=True)
class Relay:
    """What a relay works with. `holder` names the process; a lease that is not renewed for `seconds` is another's.
    `stream` is where the sink leads: a subscriber that wants another one is told by another relay."""

    deliveries: Deliveries
    sink: Sink
    name: str
    holder: str
    source: str = SOURCE
    stream: str = STREAM
    seconds: float = 15.0
    at_once: int = 500
    pause: float = 0.2
    trim_after: float = 5.0
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Relayed:
    """What a turn came to: how many events were published and up to which position; why it ended."""

    published: int
    position: int
    why: str


def relay(room: Relay, stop: Stop | None = None) -> Relayed:
    """Publish what the log has; with `stop`, also what it gets until that is set.

    Ends with `done` or `stopped`; with `inactive` where nobody is to be told, `moved` where another stream is wanted;
    with `taken` where another relay publishes, or has taken over; with `lost` where the sink was lost: the next turn
    goes on. DeliveryError E705 where the sink belongs to another log. LookupFailed E520.
    """
    lease = room.deliveries.take(room.name, room.holder, room.seconds)
    if lease is None:
        found = room.deliveries.subscriber(room.name)
        return Relayed(0, found.position, "taken" if found.status is SubscriberStatus.ACTIVE else "inactive")
    turn = _Turn(room, lease)
    try:
        moved = room.deliveries.subscriber(room.name).address != room.stream
        why = "moved" if moved else turn.publish(stop)
    except SinkLost:
        why = "lost"
    finally:
        room.deliveries.release(lease)
    return Relayed(turn.published, turn.position, why)


def relay_until(room: Relay, stop: Stop, tell: Callable[[Relayed], None] = lambda _: None) -> None:
    """Publish until `stop` is set or the stream is paused or moved, whatever happens to the sink or other relays
    meanwhile."""
    while not stop.is_set():
        try:
            told = relay(room, stop)
        except (StoreError, DeliveryError) as error:
            told = Relayed(0, 0, error.code)
        tell(told)
        if told.why in ("inactive", "moved"):
            return
        stop.wait(room.pause if told.why in ("stopped", "done") else room.seconds / 10)


class _Turn:
    """One lease, and the stream as it was left."""

    def __init__(self, room: Relay, lease: Lease) -> None:
        self._room = room
        self._lease = lease
        self._kept = self._trimmed = room.monotonic()
        self._horizon = 0
        self._known, self._met = frozenset[str](), frozenset[str]()
        self.published = self.position = self._tail = 0

    def publish(self, stop: Stop | None) -> str:
        """Publish until there is nothing, or until `stop`; return why it ended."""
        claim = self._open()
        while not (stop and stop.is_set()):
            events = self._room.deliveries.events(self.position, self._room.at_once)
            # Also without an event: that the stream was lost is noticed now, not when something happens.
            self._room.sink.publish(claim, self._tail, [letter(event, self._room.source) for event in events])
            self._observe(events)
            if not self._remember(events):
                return "taken"
            self._trim(claim)
            if len(events) == self._room.at_once:
                continue
            if stop is None:
                return "done"
            stop.wait(self._room.pause)
        return "stopped"

    def _observe(self, events: Sequence[LoggedEvent]) -> None:
        """Say of each event that it was published, in the trace that it belongs to."""
        count("identity_relayed_events", self._room.name, number=len(events))
        for event in events:
            if event.traceparent:
                with span(f"publish {event.type}", "producer", event.traceparent, position=event.position):
                    pass

    def _open(self) -> Claim:
        subscriber = self._room.deliveries.subscriber(self._room.name)
        claim = Claim(subscriber.log, subscriber.generation, self._lease.epoch)
        tail = self._room.sink.tail(claim)
        known = self._knows(tail)
        if not known and tail.generation is None:
            raise DeliveryError(
                "E705",
                f"The stream {subscriber.address} holds what this log does not.",
                "Give this log a stream of its own, or delete the stream.",
            )
        anew = not known or tail.generation not in (None, claim.generation)
        self._room.sink.open(claim, anew=anew)
        self._tail = 0 if anew else tail.position
        self._horizon = subscriber.horizon
        self._known = frozenset(subscriber.readers)
        # What all readers are done with is not told again, unless somebody asks for a replay.
        self.position = self._tail or subscriber.horizon
        return claim

    def _knows(self, tail: Tail) -> bool:
        """Say whether the last event of the stream is in the log: not after the database was restored to a past."""
        if tail.position == 0:
            return True
        found = self._room.deliveries.events(tail.position - 1, 1)
        if tail.generation is not None and not tail.event_id:  # a reader has deleted the entry
            return bool(found)
        return bool(found) and (found[0].position, found[0].event_id) == (tail.position, tail.event_id)

    def _remember(self, events: Sequence[LoggedEvent]) -> bool:
        """Remember how far was published. False when another relay has taken over."""
        if events:
            self.published += len(events)
            self.position = self._tail = events[-1].position
        elif self._room.monotonic() - self._kept < self._room.seconds / 3:
            return True
        self._kept = self._room.monotonic()
        return self._room.deliveries.advance(self._lease, self.position, self._room.seconds)

    def _trim(self, claim: Claim) -> None:
        """Drop from the stream what every reader is done with. Everything stays without a reader, and while one is
        missed: where the stream was lost its group was lost with it, not what it has still to do."""
        if self._tail == 0 or self._room.monotonic() - self._trimmed < self._room.trim_after:
            return
        self._trimmed = self._room.monotonic()
        readers = self._room.sink.readers(claim)
        self._meet(readers.keys())
        if not readers or self._known - readers.keys():
            return
        needed = min(readers.values())
        if needed <= self._horizon:
            return
        # Remembered before it is dropped: a stream that is lost begins anew behind what is remembered.
        if self._room.deliveries.trimmed(self._lease, needed):
            self._room.sink.trim(claim, needed)
            self._horizon = needed

    def _meet(self, here: Collection[str]) -> None:
        """Remember who reads. Who was met under this lease and is not here any more, though nothing was lost meanwhile,
        was sent away by a person."""
        known = (self._known | frozenset(here)) - (self._met - frozenset(here))
        self._met = frozenset(here)
        if known != self._known and self._room.deliveries.read_by(self._lease, known):
            self._known = known
