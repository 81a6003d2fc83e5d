"""What following the log takes: somebody who follows, what carries the events, and where is kept how far it came."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from identity.model.delivery import DeadLetter, HeldEvent, Lease
from identity.model.following import Consumer, Followed, Propagated, Reached
from identity.model.review import Concern
from identity.ports.delivery import DeadLetters, LoggedEvent

__all__ = ["Consumers", "Dealt", "Feed", "Follower", "FollowerLost", "Hold", "Progress", "Settled"]


class FollowerLost(Exception):
    """Another process follows under this name by now: nothing more is to be done here."""


class Hold(Protocol):
    """The right to act, while a consumer's lease lasts."""

    def note(self, *facts: object) -> None:
        """Keep facts at once, before what they announce is done: whoever comes after a crash finds them.

        FollowerLost where another process has taken over.
        """
        ...


class Follower(Protocol):
    """Does something in another system. It goes by what is so now, not by what the event says was so then: an event
    that comes twice, late or in another order leads to the same, and one without anything left to do does nothing.

    What a new one has to keep to, so that the runtime can promise the rest:

    - `follow` may be killed between any two lines and is called again with the same event. What must not happen twice
      in the other system is asked for under a key that is noted (`hold.note`) before; where the system takes no keys,
      look there first whether it was done.
    - `hold.note` before every call that changes something: it renews the lease, and raises FollowerLost where another
      process follows by now. Never catch that.
    - Nothing is written to this database but facts, through `hold.note` or `Followed.facts`: they are values of a type
      of their own, with a line in `store/facts.py` that says how it is stored; storing one twice does nothing.
    - What a person has to see to is `opened`, and the event BLOCKED: never an error. `cleared` names the subjects of
      all tasks there could have been about those who were looked at; whatever is not opened again is closed. Kinds of
      tasks begin with the follower's name (`loyalty_blocked`), and subjects with their kind.
    - Unavailable for what may work later, with `retry_after` where the system named a time; Refused with the system's
      word for what will never. Anything else that is raised counts as a failure of this event.
    - `asked` is true only where the other system has answered: it closes the circuit breaker.
    - Events of one profile come one after the other; those of several profiles in any order, also of profiles that are
      merged into each other.
    - Words, codes and facts hold keys and nothing about a person.

    It is put together in `identity/followers.py`, one line of the table, beside what compares the whole system with
    the master: that returns Drift, and drift that is `mended` is followed once more with `look`.
    """

    @property
    def name(self) -> str: ...
    @property
    def types(self) -> frozenset[str]:
        """The types of events it wants."""
        ...

    def follow(self, event: LoggedEvent, hold: Hold, *, look: bool = False) -> Followed:
        """Bring the other system to what is so now about whom the event concerns. With `look`, what is kept here of
        the other system is not believed.

        Unavailable: the same may be tried again. Refused: it will be refused again. FollowerLost.
        """
        ...


class Feed(Protocol):
    """Carries events to one consumer: at least once, in any order, and without promise that none is lost."""

    def read(self, position: int, limit: int, seconds: float) -> Sequence[LoggedEvent]:
        """Return up to `limit` events to deal with; `position` is how far the consumer came. A feed that is told when
        something comes may wait up to `seconds` for it."""
        ...

    def acknowledge(self, events: Iterable[LoggedEvent]) -> None:
        """What is kept of these is committed: they need not come again."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Dealt:
    """One event that was dealt with, and what came of it."""

    event: LoggedEvent
    followed: Followed
    reached: Sequence[Reached] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """What a consumer has done: kept together or not at all. `done` were followed, `held` are to be tried later or
    wait behind one that is, `dead` are given up; `missed` says of those how far their decisions came."""

    done: Sequence[Dealt] = ()
    held: Sequence[HeldEvent] = ()
    dead: Sequence[DeadLetter] = ()
    missed: Sequence[Reached] = ()
    failures: int = 0
    failing_since: datetime | None = None
    retry_at: datetime | None = None
    revived: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """That progress was kept: how far the consumer came."""

    position: int


class Consumers(DeadLetters, Protocol):
    """How far each consumer of the log came, and what waits. Each call is a unit of work of its own.

    What a lease is needed for answers None or False when another has taken it meanwhile; nothing is kept then.
    """

    def events(self, after: int = 0, limit: int = 100) -> Sequence[LoggedEvent]:
        """Return up to `limit` events behind a position, in the order of the log."""
        ...

    def register(self, name: str) -> None:
        """Make a consumer known, at the beginning of the log, unless it is. DeliveryError E722 where a subscriber has
        the name."""
        ...

    def consumer(self, name: str) -> Consumer:
        """Return how far one came. LookupFailed E523 for a name nobody knows."""
        ...

    def consumers(self) -> tuple[Consumer, ...]:
        """Return all, by name."""
        ...

    def take(self, name: str, holder: str, seconds: float) -> Lease | None:
        """Take the lease; None while another one holds it."""
        ...

    def beat(self, lease: Lease, seconds: float) -> bool:
        """Say that it is alive, and hold the lease for so long from now on."""
        ...

    def release(self, lease: Lease) -> None: ...

    def seen(self, name: str, event_ids: Collection[str]) -> frozenset[str]:
        """Return those of these events that are done, held or given up."""
        ...

    def missing(self, name: str, subjects: Collection[str], before: int, limit: int) -> Sequence[LoggedEvent]:
        """Return up to `limit` events of these subjects before a position of the log that are not done, held or given
        up, in the order of the log."""
        ...

    def note(self, lease: Lease, facts: Sequence[object], seconds: float) -> bool:
        """Keep a follower's facts, and hold the lease for so long from now on."""
        ...

    def settle(self, lease: Lease, progress: Progress, seconds: float) -> Settled | None:
        """Keep what was done: inbox, effects, review tasks, propagation, what is held or given up, and the position,
        in one transaction; hold the lease for so long from now on."""
        ...

    def again(self, name: str, subjects: Collection[str], code: str) -> int:
        """Have the last event of each subject followed once more, by whoever follows; return how many there are."""
        ...

    def rewind(self, name: str) -> None:
        """Forget what was dealt with: everything is followed from the beginning of the log. Whoever follows at the
        moment loses its lease. Effects stay known: nothing is done twice."""
        ...

    def propagation(self, causation: str) -> tuple[Propagated, ...]:
        """Return how far a decision came, at each consumer, by name. `causation` is an operation, or a golden id that
        the machine merged away. LookupFailed E504 for what nobody knows."""
        ...

    def open_concerns(self, name: str) -> tuple[Concern, ...]:
        """Return what a consumer asks people to look at."""
        ...
