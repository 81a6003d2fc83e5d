"""Who follows the log to do something in another system: how far each came, and what came of each event."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from identity.model.cluster import GoldenId
from identity.model.review import Concern

__all__ = [
    "Consumer",
    "Drift",
    "Followed",
    "FollowedOutcome",
    "FollowedSystem",
    "Forgotten",
    "Propagated",
    "PropagationStatus",
    "Reached",
    "Reconciled",
]


class FollowedOutcome(StrEnum):
    """What came of an event. BLOCKED: a person has to do something first; a review task says what."""

    DONE = "done"
    NOTHING = "nothing"
    BLOCKED = "blocked"
    UNWANTED = "unwanted"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of following an event, to be kept together with the fact that it was followed.

    `code` is the word of what stands in the way. `facts` are what the follower keeps of its own. `opened` are review
    tasks that should be open; of `cleared`, subjects of tasks, there is nothing to look at any more. `asked`: the other
    system was asked, and has answered.
    """

    outcome: FollowedOutcome
    code: str = ""
    facts: Sequence[object] = ()
    opened: Sequence[Concern] = ()
    cleared: Collection[str] = ()
    asked: bool = False


@dataclass(frozen=True, slots=True)
class FollowedSystem:
    """A system that follows, by its consumer's name: which sources' records are accounts there, and whether the
    settings say where it is."""

    name: str
    sources: frozenset[str]
    named: bool


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A consumer's fact: what an erasure asked of it is done, and which accounts are nobody's now."""

    consumer: str
    erasure_id: str
    numbers: tuple[str, ...] = ()


class PropagationStatus(StrEnum):
    """How far a decision has come in another system. COMPENSATED: it was done and taken back there, or taken back
    before it was done."""

    PENDING = "pending"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"
    COMPENSATED = "compensated"


@dataclass(frozen=True, slots=True)
class Reached:
    """What became of a decision at one consumer. `causation` is an operation, or a golden id that the machine merged
    away; `code` the word of what stands in the way."""

    causation: str
    status: PropagationStatus
    code: str = ""


@dataclass(frozen=True, slots=True)
class Propagated:
    """How far a decision has come at one consumer, since when (None: nothing was heard of it yet)."""

    consumer: str
    status: PropagationStatus
    code: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Consumer:
    """How far a consumer came: everything up to `position` is done, held or given up. `lag` counts the events that are
    to be followed yet, those that are held among them, to a hundred thousand. `beat_at` is when it was last heard of.
    After `failures` in a row it is left alone until `retry_at`."""

    name: str
    position: int
    beat_at: datetime | None
    failures: int = 0
    failing_since: datetime | None = None
    retry_at: datetime | None = None
    lag: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, order=True)
class Drift:
    """One difference between a system and the master: the accounts there, by their numbers, and whose they are here.
    `mended`: following the golden ids once more mends it, or makes a task of it."""

    kind: str
    accounts: tuple[str, ...]
    golden_ids: tuple[GoldenId, ...] = ()
    mended: bool = False


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many accounts were compared, of how many profiles, and what is different."""

    accounts: int
    profiles: int
    drift: tuple[Drift, ...]
