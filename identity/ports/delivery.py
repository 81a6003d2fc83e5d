"""What delivery needs of the database that has the log, and of a stream that carries it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from identity.model.delivery import (
    DeadLetter,
    DeadLetterStatus,
    HeldEvent,
    Lease,
    Subscriber,
    SubscriberStatus,
)

__all__ = [
    "Claim",
    "DeadLetters",
    "Deliveries",
    "Letter",
    "LoggedEvent",
    "Settlement",
    "Sink",
    "SinkLost",
    "Subscribers",
    "Tail",
]


class LoggedEvent(Protocol):
    """One fact of the log."""

    @property
    def position(self) -> int: ...
    @property
    def event_id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def time(self) -> datetime: ...
    @property
    def correlation_id(self) -> str | None: ...
    @property
    def body(self) -> Mapping[str, Any]: ...
    @property
    def traceparent(self) -> str | None:
        """Where the trace goes on, as the W3C writes it; None where there was none."""
        ...


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a round of deliveries came to: what is kept of it is kept together.

    `position` is how far the log was dealt with; `delivered` are positions that are held no longer; `held` are events
    to hold, or to hold on to; `dead` are given up. `disabled` says why the subscriber is not told any more ("": it is).
    """

    position: int
    delivered: Collection[int] = ()
    held: Sequence[HeldEvent] = ()
    dead: Sequence[DeadLetter] = ()
    failures: int = 0
    failing_since: datetime | None = None
    retry_at: datetime | None = None
    disabled: str = ""


class DeadLetters(Protocol):
    """What was given up. `follower` is a subscriber, or a consumer of the log by its own name."""

    def put_dead_letter(self, letter: DeadLetter) -> None:
        """Store one; of one that is open already the newer attempts and reason are kept."""
        ...

    def dead_letters(
        self,
        follower: str | None = None,
        status: DeadLetterStatus | None = DeadLetterStatus.OPEN,
        limit: int = 100,
    ) -> tuple[DeadLetter, ...]:
        """Return up to `limit`, the oldest first; of any status where it is None."""
        ...

    def dead_letter(self, number: int) -> DeadLetter:
        """Return one. LookupFailed E521 for a number nobody knows."""
        ...

    def redrive(self, numbers: Collection[int]) -> int:
        """Have open ones tried again, from the first attempt on and before what waits behind them; return how many."""
        ...

    def dead_letters_open(self) -> Mapping[str, int]:
        """Return how many are open, for each follower that has any."""
        ...

    def held_counts(self) -> Mapping[str, int]:
        """Return how many events wait, for each follower that has any."""
        ...

    def drop(self, numbers: Collection[int]) -> int:
        """Give open ones up for good: what waits behind them goes on. Return how many."""
        ...

    def held(self, follower: str, limit: int = 100) -> tuple[HeldEvent, ...]:
        """Return up to `limit` of the events that wait, the oldest first."""
        ...

    def held_subjects(self, follower: str, subjects: Collection[str]) -> frozenset[str]:
        """Return those of these subjects whose events have to wait behind an event that is held, or given up."""
        ...

    def due(self, follower: str, limit: int) -> tuple[tuple[HeldEvent, LoggedEvent], ...]:
        """Return up to `limit` held events whose time has come, the first of each subject only; what has waited
        longest comes first."""
        ...

    def next_due(self, follower: str) -> datetime | None:
        """Return when the next held event is to be tried, None where nothing is held."""
        ...


class Subscribers(Protocol):
    """Who is told. LookupFailed E520 for a name nobody knows."""

    def add(self, subscriber: Subscriber) -> None:
        """Store a new one. DeliveryError E701 where the name is taken, also by a consumer."""
        ...

    def subscriber(self, name: str) -> Subscriber: ...

    def subscribers(self) -> tuple[Subscriber, ...]:
        """Return all, by name."""
        ...

    def set_status(self, name: str, status: SubscriberStatus, reason: str) -> None:
        """Activate, pause or disable. What counted against an activated one is forgotten, and what was held for it is
        due at once."""
        ...

    def set_address(self, name: str, address: str) -> None:
        """Tell it at another address; whoever is delivering to the old one loses its lease."""
        ...

    def set_types(self, name: str, types: Sequence[str]) -> None: ...

    def set_secrets(self, name: str, secrets: Sequence[str]) -> None: ...

    def set_readers(self, name: str, readers: Sequence[str]) -> None:
        """Say which groups read a stream; whoever publishes loses its lease, and learns of it."""
        ...

    def remove(self, name: str) -> None:
        """Forget a subscriber, with what is held for it. Its dead letters stay."""
        ...

    def rewind(self, name: str, position: int) -> None:
        """Deliver what stands behind a position of the log once more.

        Whoever is delivering at that moment loses its lease. Held events and dead letters behind the position are
        delivered with the rest; a stream is begun anew, at the latest with what its readers are not done with.
        """
        ...


class Deliveries(Subscribers, DeadLetters, Protocol):
    """The log, and how far everybody has been told. Each call is a unit of work of its own.

    What a lease is needed for answers False when another has taken it meanwhile; nothing is kept then. `keep` and
    `advance` answer False also when the subscriber is not active any more.
    """

    def events(self, after: int = 0, limit: int = 100) -> Sequence[LoggedEvent]:
        """Return up to `limit` events behind a position, in the order of the log."""
        ...

    def log_end(self) -> int:
        """Return the position of the last event, 0 before the first."""
        ...

    def position_before(self, moment: datetime) -> int:
        """Return the position before the first event at or after a moment: the end where there is none yet."""
        ...

    def take(self, name: str, holder: str, seconds: float) -> Lease | None:
        """Take the lease of an active subscriber; None while another one holds it, or when it is not active. Its epoch
        is higher than any before, also after the database went back to a past or the name was given anew."""
        ...

    def keep(self, lease: Lease, seconds: float) -> bool:
        """Hold the lease for so long from now on."""
        ...

    def release(self, lease: Lease) -> None: ...

    def advance(self, lease: Lease, position: int, seconds: float) -> bool:
        """Remember how far was published, and hold the lease for so long from now on."""
        ...

    def trimmed(self, lease: Lease, horizon: int) -> bool:
        """Remember up to where the readers of a stream are done."""
        ...

    def read_by(self, lease: Lease, readers: Collection[str]) -> bool:
        """Remember which groups read a stream."""
        ...

    def settle(self, lease: Lease, settlement: Settlement, seconds: float) -> bool:
        """Keep what came of a round, and hold the lease for so long from now on."""
        ...


class Claim(NamedTuple):
    """In whose name is published: the log, the generation of its stream, and the epoch of the lease."""

    log: str
    generation: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Letter:
    """An event as a sink carries it."""

    position: int
    event_id: str
    type: str
    subject: str
    content: bytes = field(repr=False)


class Tail(NamedTuple):
    """The last event that a sink has, position 0 when it has none, and the generation of its stream: None where nothing
    says whose stream it is."""

    position: int
    event_id: str
    generation: int | None


class SinkLost(Exception):
    """The sink does not answer, or is not as this relay left it: it has to be opened again."""


class Sink(Protocol):
    """Carries the log, in its order. Whatever it loses it is given again."""

    def tail(self, claim: Claim) -> Tail:
        """Return what the sink has. SinkLost when a later claim was made. DeliveryError E705 when the sink belongs to
        another log."""
        ...

    def open(self, claim: Claim, *, anew: bool) -> None:
        """Begin to publish under a claim, which ends every earlier one; `anew` with nothing in the sink. SinkLost when
        a later claim was made."""
        ...

    def publish(self, claim: Claim, tail: int, letters: Sequence[Letter]) -> None:
        """Append letters behind `tail`, all or none. SinkLost when the claim or the tail is another one by now."""
        ...

    def readers(self, claim: Claim) -> Mapping[str, int]:
        """Return the position up to which each reader is done. SinkLost when the claim is another one by now."""
        ...

    def trim(self, claim: Claim, horizon: int) -> None:
        """Forget what all readers are done with, but never the last event. SinkLost when the claim is another one by
        now."""
        ...
