"""What people ask about what is held of them, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from identity.model.cluster import GoldenId

__all__ = ["Erasure", "NotedRequest", "PrivacyKind", "PrivacyRequest", "PrivacyStatus", "Receipt"]


class PrivacyKind(StrEnum):
    """ACCESS is answered with what is held, and done when a person says so; so is a RECTIFICATION that names no values,
    by the source that told what is wrong. ERASURE, RESTRICTION and a RECTIFICATION with values are done here; a
    restriction is lifted by a release."""

    ACCESS = "access"
    ERASURE = "erasure"
    RECTIFICATION = "rectification"
    RESTRICTION = "restriction"


class PrivacyStatus(StrEnum):
    """RECEIVED waits for the check of who asks, VERIFIED to be carried out. DONE waits for nothing here; receipts of
    others may still be missing."""

    RECEIVED = "received"
    VERIFIED = "verified"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an erasure elsewhere. Whoever reads the events and follows by themselves says `done`, or why not.
    Of consumers: `told` (nothing was heard yet, or with a `code`: it is tried again), `done`, `failed` (a person has to
    see to it, the `code` says why)."""

    consumer: str
    status: str
    at: datetime
    code: str = ""


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """`check` tells how it was made sure that the person asks, `report` what was done: counts and opaque ids only.
    `wanted` are the right values, by field, where a rectification names them."""

    request_id: str
    kind: PrivacyKind
    golden_id: GoldenId
    status: PrivacyStatus
    received_at: datetime
    due_at: datetime
    actor: str
    check: str = ""
    reason: str = ""
    decided_at: datetime | None = None
    report: Mapping[str, Any] = field(default_factory=dict)
    wanted: Mapping[str, str] = field(default_factory=dict)
    receipts: tuple[Receipt, ...] = ()

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Who was told and has not done it yet."""
        return tuple(each.consumer for each in self.receipts if each.status in ("told", "failed"))


@dataclass(frozen=True, slots=True)
class Erasure:
    """Somebody who was erased: the golden ids that answer 410 now (the one that lived on first), how many records went,
    and the marks that keep them away."""

    erasure_id: str
    golden_ids: tuple[GoldenId, ...]
    records: int
    marks: frozenset[int]
    at: datetime


@dataclass(frozen=True, slots=True)
class NotedRequest:
    """A request as it is known outside the database: without a word that anybody said. `marks` are the records that it
    keeps out of use, until it is `released_at`; `fields` are those of which values were wanted."""

    request: PrivacyRequest
    marks: frozenset[int] = frozenset()
    fields: tuple[str, ...] = ()
    released_at: datetime | None = None

    @property
    def holds(self) -> bool:
        """Say whether records are kept out of use by it."""
        done = self.request.status is PrivacyStatus.DONE and self.released_at is None
        return done and self.request.kind is PrivacyKind.RESTRICTION
