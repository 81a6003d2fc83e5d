"""The queue of long work; see `ports.JobLog` for what each call promises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import and_, or_, select

from identity.model.job import Job, JobKind, JobStatus
from identity.ports.work import Clock
from identity.store.dialect import Database, Statement
from identity.store.tables import TABLES

__all__ = ["Jobs"]

_JOB = TABLES["job"].c
_QUEUE = Statement(
    "INSERT INTO job (job_id, kind, status, client, correlation_id, created_at, attempts, asked, report)"
    " VALUES (:job_id, :kind, 'queued', :client, :correlation_id, :created_at, 0, :asked, '{{}}')"
)
_NEXT = Statement(
    "SELECT job_id, attempts FROM job WHERE status = 'queued' OR (status = 'running' AND beat_at < :silent)"
    " ORDER BY created_at, job_id LIMIT 1"
)
_TAKE = Statement(
    "UPDATE job SET status = 'running', attempts = attempts + 1, beat_at = :at"
    " WHERE job_id = :job_id AND attempts = :attempts RETURNING job_id"
)
_BEAT = Statement(
    "UPDATE job SET beat_at = :at, report = :report"
    " WHERE job_id = :job_id AND attempts = :attempts AND status = 'running' RETURNING job_id"
)
_END = Statement(
    "UPDATE job SET status = :status, finished_at = :at, report = :report"
    " WHERE job_id = :job_id AND attempts = :attempts AND status = 'running' RETURNING job_id"
)


class Jobs:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def queue(self, job: Job) -> None:
        with self._database.write() as connection:
            connection.execute(
                _QUEUE.of(
                    job_id=job.job_id,
                    kind=job.kind.value,
                    client=job.client,
                    correlation_id=job.correlation_id,
                    created_at=job.created_at,
                    asked=orjson.dumps(job.asked).decode(),
                )
            )

    def take(self, silent: timedelta) -> Job | None:
        now = self._clock.now()
        if not self._waiting(now - silent):  # who looks now and then does not stand in writers' way
            return None
        while True:
            with self._database.write() as connection:
                found = connection.ask(_NEXT.of(silent=now - silent))()
                if not found:
                    return None
                ((job_id, attempts),) = found
                taken = connection.ask(_TAKE.of(job_id=job_id, attempts=attempts, at=now))()
            if taken:
                return self.job(job_id)

    def _waiting(self, silent: datetime) -> bool:
        running = and_(_JOB.status == "running", _JOB.beat_at < silent)
        asked = select(_JOB.job_id).where(or_(_JOB.status == "queued", running)).limit(1)
        with self._database.read() as look:
            return look.execute(asked).first() is not None

    def beat(self, job: Job, report: Mapping[str, Any]) -> bool:
        with self._database.write() as connection:
            kept = connection.ask(_BEAT.of(**self._said(job, report)))()
        return bool(kept)

    def end(self, job: Job, status: JobStatus, report: Mapping[str, Any]) -> bool:
        with self._database.write() as connection:
            kept = connection.ask(_END.of(status=status.value, **self._said(job, report)))()
        return bool(kept)

    def _said(self, job: Job, report: Mapping[str, Any]) -> dict[str, Any]:
        told = orjson.dumps(report, default=str).decode()
        return {"job_id": job.job_id, "attempts": job.attempts, "at": self._clock.now(), "report": told}

    def job(self, job_id: str) -> Job | None:
        with self._database.read() as look:
            row = look.execute(select(*_JOB).where(_JOB.job_id == job_id)).one_or_none()
        return None if row is None else _job(row)

    def jobs(self, client: str | None = None, limit: int = 100) -> tuple[Job, ...]:
        asked = select(*_JOB).order_by(_JOB.created_at.desc(), _JOB.job_id.desc()).limit(limit)
        if client is not None:
            asked = asked.where(_JOB.client == client)
        with self._database.read() as look:
            return tuple(_job(row) for row in look.execute(asked))


def _job(row: Any) -> Job:
    told = {**row._mapping, "asked": orjson.loads(row.asked), "report": orjson.loads(row.report)}
    return Job(**{**told, "kind": JobKind(row.kind), "status": JobStatus(row.status)})
