"""Long work, queued in the database: whoever has time takes the next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

from identity.model.job import Job, JobStatus

__all__ = ["JobLog"]


class JobLog(Protocol):
    def queue(self, job: Job) -> None: ...

    def take(self, silent: timedelta) -> Job | None:
        """Claim the oldest job that waits, or one whose worker has been silent for so long; None when there is none.
        Of several who try at once each gets another one."""
        ...

    def beat(self, job: Job, report: Mapping[str, Any]) -> bool:
        """Say how far a job is. False when another worker has taken it over: this one has to stop."""
        ...

    def end(self, job: Job, status: JobStatus, report: Mapping[str, Any]) -> bool:
        """Say what came of a job. False when another worker has taken it over."""
        ...

    def job(self, job_id: str) -> Job | None: ...

    def jobs(self, client: str | None = None, limit: int = 100) -> tuple[Job, ...]:
        """Return the latest jobs, of one client or of all, the newest first."""
        ...
