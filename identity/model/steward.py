"""Who decides: stewards, what they note, and who is at which task."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from identity.model.review import ReviewKind, ReviewTask

__all__ = [
    "Desk",
    "Disclosure",
    "Note",
    "QueueCounts",
    "QueueFilter",
    "Queued",
    "Role",
    "Stage",
    "Steward",
    "Whose",
]


class Role(StrEnum):
    """What somebody is to the review screen; what each may do there stands in `stewardship/rights.py`."""

    STEWARD = "steward"
    LEAD = "lead"
    PRIVACY_OFFICER = "privacy_officer"
    AUDITOR = "auditor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Steward:
    """Somebody who may use the screen. Without a password they come by their issuer only."""

    name: str
    role: Role
    password: str = ""
    issuer: str = ""
    subject: str = ""
    active: bool = True
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Somebody saw the personal data of a subject: a task, or a golden id."""

    steward: str
    subject: str
    at: datetime
    until: datetime


class Stage(StrEnum):
    """What else a task waits for than the next steward: somebody who may decide more, or somebody else."""

    NONE = ""
    ESCALATED = "escalated"
    SECOND_OPINION = "second_opinion"
    PROPOSED = "proposed"


@dataclass(frozen=True, slots=True)
class Desk:
    """Who is at a task until when, whose it shall be, its stage and who brought it there; a proposal is JSON."""

    task_id: str
    holder: str | None = None
    held_until: datetime | None = None
    assignee: str | None = None
    stage: Stage = Stage.NONE
    stage_by: str = ""
    proposal: str = ""

    def held_at(self, moment: datetime) -> str | None:
        """Return who is at the task at a moment."""
        return self.holder if self.held_until and self.held_until > moment else None


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody noted about a task, and what for."""

    actor: str
    at: datetime
    kind: str
    note: str


class Whose(StrEnum):
    """Which tasks of the queue: nobody's, those I am at or that are mine to do, those that wait for more."""

    ALL = "all"
    FREE = "free"
    MINE = "mine"
    ESCALATED = "escalated"
    SECOND_OPINION = "second_opinion"
    PROPOSED = "proposed"


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which part of the queue somebody looks at."""

    steward: str
    whose: Whose = Whose.ALL
    kind: ReviewKind | None = None
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Queued:
    """A task in the queue, and its desk."""

    task: ReviewTask
    desk: Desk


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many open tasks there are of each kind and of each part, and how many are put off. Of the kinds in `more`
    there are so many or more: they were not counted further."""

    kinds: dict[ReviewKind, int]
    whose: dict[Whose, int]
    deferred: int
    more: frozenset[ReviewKind] = frozenset()
