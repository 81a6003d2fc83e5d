"""Long work that somebody asked for: how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

__all__ = ["Job", "JobKind", "JobStatus"]


class JobKind(StrEnum):
    UPLOAD = "upload"
    EXPORT = "export"


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """`asked` is what it has to do, `report` how far it is or what came of it: counts, codes and names of files."""

    job_id: str
    kind: JobKind
    status: JobStatus
    client: str
    created_at: datetime
    asked: Mapping[str, Any]
    report: Mapping[str, Any]
    correlation_id: str | None = None
    beat_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: int = 0
