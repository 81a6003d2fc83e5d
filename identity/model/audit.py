"""Who saw or decided what about whom: an entry of the audit trail, and the chain that it is a link of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

__all__ = ["AuditAction", "AuditEntry", "AuditHead", "Flaw", "FlawKind", "SealedEntry"]


class AuditAction(StrEnum):
    """READ is a profile, EXPLAIN the values behind a why, REVEAL rows as they came, PERSON all that is held of one."""

    READ = "read"
    SEARCH = "search"
    MATCH = "match"
    EXPLAIN = "explain"
    REVEAL = "reveal"
    PERSON = "person"
    EXPORT = "export"
    DECIDE = "decide"
    RUN = "run"
    REQUEST = "request"
    ERASE = "erase"
    RESTRICT = "restrict"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What is to be kept: a client or a person did something about a golden id ("": about nobody in particular), for a
    purpose. `details` are opaque words and counts, never a value of somebody's."""

    actor: str
    action: AuditAction
    subject: str = ""
    purpose: str = ""
    details: Mapping[str, str | int | Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry in its place: `details` is JSON as it is stored, `hash` seals it together with the hash before it."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    purpose: str
    details: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditHead:
    """Where the trail ends, sealed. What is written down elsewhere of it is an anchor."""

    seq: int
    hash: str
    seal: str


class FlawKind(StrEnum):
    EDITED = "edited"
    DELETED = "deleted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    HEAD = "head replaced"
    ANCHOR = "anchor forged"


@dataclass(frozen=True, slots=True, order=True)
class Flaw:
    """Where the trail is not as it was written, and how."""

    seq: int
    kind: FlawKind
    message: str
