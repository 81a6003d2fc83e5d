"""Who is told what happened, how far each has been told, and what could not be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = [
    "DeadLetter",
    "DeadLetterStatus",
    "HeldEvent",
    "Lease",
    "Subscriber",
    "SubscriberKind",
    "SubscriberStatus",
]


class SubscriberKind(StrEnum):
    """How a subscriber is told: through a stream that its readers share, or by requests to its address."""

    REDIS = "redis"
    WEBHOOK = "webhook"


class SubscriberStatus(StrEnum):
    """Whether a subscriber is told. A person pauses; `disabled` is what the service does after lasting failure."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody who is told.

    `address` is a URL, or the name of a stream; never with a password in it. `types` are the types of events wanted
    (none: all). `secrets` are names, the newest first; what they stand for is in the environment. `position` is the
    last event of the log that was dealt with: delivered, held or not wanted. `horizon`, of a stream, is the last event
    that all its `readers` are done with: groups that were seen there, also if they are gone with the memory of the
    server. A stream of another `generation` is begun anew; `log` tells this log from
    others.
    """

    name: str
    kind: SubscriberKind
    address: str
    types: tuple[str, ...]
    secrets: tuple[str, ...]
    status: SubscriberStatus
    reason: str
    created_at: datetime
    changed_at: datetime
    position: int
    horizon: int
    generation: int
    log: str
    readers: tuple[str, ...] = ()
    failures: int = 0
    failing_since: datetime | None = None
    retry_at: datetime | None = None

    def wants(self, event_type: str) -> bool:
        return not self.types or event_type in self.types


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to deliver to one subscriber, until a moment. Whoever takes it next has a higher epoch."""

    name: str
    holder: str
    epoch: int
    until: datetime


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """An event that was not delivered yet though its turn has passed: it failed, or waits behind one that did."""

    follower: str
    position: int
    subject: str
    attempts: int
    first_at: datetime
    next_at: datetime
    last_at: datetime | None = None
    code: str = ""
    detail: str = ""


class DeadLetterStatus(StrEnum):
    OPEN = "open"
    REDRIVEN = "redriven"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that a follower was given up on, and why. While it is open, later events of its subject are held.

    `code` is a word to branch on; `detail` says more and holds nothing about a person; `payload` is the event as it was
    to be delivered. The store gives the number.
    """

    follower: str
    subject: str
    position: int
    event_id: str
    code: str
    detail: str
    attempts: int
    first_at: datetime
    last_at: datetime
    payload: str
    status: DeadLetterStatus = DeadLetterStatus.OPEN
    closed_at: datetime | None = None
    number: int = 0
