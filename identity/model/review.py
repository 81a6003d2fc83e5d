"""What a person should look at: why, how much it matters, and what became of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from identity.model.cluster import GoldenId
from identity.model.evidence import MatchWeight
from identity.model.record import RecordKey

__all__ = [
    "EVIDENCE",
    "FOLLOWS",
    "Concern",
    "Label",
    "ReviewKind",
    "ReviewStatus",
    "ReviewTask",
    "mint_task_id",
]

_CROCKFORD = str.maketrans("0123456789ABCDEFGHIJKLMNOPQRSTUV", "0123456789abcdefghjkmnpqrstvwxyz")

EVIDENCE = "evidence"
"""Closes a task when what it was opened for is gone, and no person was it."""


class ReviewKind(StrEnum):
    """Why a person should look; docs/reviews.md tells of each."""

    POSSIBLE_MATCH = "possible_match"
    CLOSE_CALL = "close_call"
    WEAK_BRIDGE = "weak_bridge"
    CROWDED = "crowded"
    CONTRADICTED = "contradicted"
    BREAKER = "breaker"
    SAMPLE = "sample"
    LOYALTY_BLOCKED = "loyalty_blocked"
    LOYALTY_SHORTFALL = "loyalty_shortfall"


FOLLOWS = frozenset(ReviewKind) - {
    ReviewKind.BREAKER,
    ReviewKind.SAMPLE,
    ReviewKind.LOYALTY_BLOCKED,
    ReviewKind.LOYALTY_SHORTFALL,
}
"""The kinds that follow from what is stored: opened and closed with it. The others are opened and closed by name."""


class ReviewStatus(StrEnum):
    OPEN = "open"
    DEFERRED = "deferred"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Concern:
    """Something a person should look at, as the evidence has it now. `details` are record keys and numbers only."""

    kind: ReviewKind
    golden_ids: tuple[GoldenId, ...]
    impact: float
    uncertainty: float
    match_weight: MatchWeight | None = None
    details: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    about: str = ""

    @property
    def subject(self) -> str:
        """What open tasks are the same by: the kind and the sorted golden ids, or what else it is `about`."""
        return f"{self.kind}:{self.about or '+'.join(self.golden_ids)}"

    @property
    def priority(self) -> float:
        return self.impact * self.uncertainty


@dataclass(frozen=True, slots=True)
class ReviewTask:
    """Something a person was asked to look at, until it is decided or the evidence is gone."""

    task_id: str
    kind: ReviewKind
    subject: str
    golden_ids: tuple[GoldenId, ...]
    status: ReviewStatus
    priority: float
    impact: float
    uncertainty: float
    match_weight: MatchWeight | None
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    details: Mapping[str, object]
    deferred_until: datetime | None = None

    def seen_at(self, moment: datetime) -> ReviewTask:
        """Return the task as it stands at a moment: one whose deferral has passed is open again."""
        if self.status is ReviewStatus.DEFERRED and self.deferred_until and self.deferred_until <= moment:
            return replace(self, status=ReviewStatus.OPEN)
        return self


@dataclass(frozen=True, slots=True)
class Label:
    """A person's answer about a pair that was drawn: the same person or not. `stratum` is what it was drawn from."""

    left: RecordKey
    right: RecordKey
    same: bool
    stratum: str
    actor: str


def mint_task_id(subject: str, change_id: str) -> str:
    """Return the id of a task that a change opens: 'r' and 16 Crockford base-32 digits, as for golden ids."""
    digest = hashlib.blake2b(f"{subject}\x1f{change_id}".encode(), digest_size=10).digest()
    return "r" + base64.b32hexencode(digest).decode().translate(_CROCKFORD)
