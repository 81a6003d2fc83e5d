"""A re-match as a proposal: what it would change, what it may change without being asked, what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

__all__ = ["Breach", "Impact", "RematchLimits", "Run", "RunKind", "RunStatus"]


class RunKind(StrEnum):
    INCREMENTAL = "incremental"
    FULL = "full"


class RunStatus(StrEnum):
    """`waiting`: over a limit, for a person to decide. `stopped`: it began to change more than it had proposed."""

    RUNNING = "running"
    DRY = "dry"
    WAITING = "waiting"
    APPLIED = "applied"
    REJECTED = "rejected"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RematchLimits:
    """What a re-match may change without a person's word.

    `profiles_changed` and `loyalty_accounts_moved` are shares of those there are, `at_least` how many may always
    change: in a small database a share means little. `largest_profile` bounds the records of a profile it makes.
    """

    profiles_changed: float = 0.02
    loyalty_accounts_moved: float = 0.01
    largest_profile: int = 100
    at_least: int = 25


@dataclass(frozen=True, slots=True)
class Impact:
    """What a proposal would change. A loyalty account is a record that bears a loyalty id."""

    records: int = 0
    profiles: int = 0
    loyalty_accounts: int = 0
    records_moved: int = 0
    profiles_changed: int = 0
    loyalty_accounts_moved: int = 0
    created: int = 0
    updated: int = 0
    merged: int = 0
    split: int = 0
    largest_profile: int = 0


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit, what was measured, and what is allowed."""

    limit: str
    measured: float
    allowed: float


@dataclass(frozen=True, slots=True)
class Run:
    """One re-match. `report` holds its impact, breaches, model and where it began, as JSON does."""

    run_id: str
    kind: RunKind
    status: RunStatus
    started_at: datetime
    beat_at: datetime
    model_version: str | None = None
    finished_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    report: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
