"""What works off the long work that was asked for over HTTP: files to take in, exports to write.

The queue is in the database: a worker that is killed is silent, and after a while another one begins its job anew,
with the same end. What is told of a job are counts, codes and names of files, nothing about a person.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from identity.bootstrap import Service, SystemClock
from identity.commands.export import export_report
from identity.commands.ingest import ingest_deliveries
from identity.connectors.spool import Spool
from identity.engines.stages import Stages
from identity.model.errors import FileError, IdentityError, StoreError
from identity.model.job import Job, JobKind, JobStatus
from identity.observing.saying import say
from identity.observing.traces import span
from identity.ports.jobs import JobLog

__all__ = ["SILENT", "spool_of", "upload_name", "work_off", "work_until"]

SILENT = timedelta(seconds=60)
"""A worker that was not heard of for so long is taken for dead."""
_BEAT_SECONDS, _LOOK_SECONDS, _MOST_ATTEMPTS = 5.0, 1.0, 5


class _TakenOver(Exception):
    """Another worker has the job by now: this one has to stop."""


@dataclass(slots=True)
class _Beat:
    """How far a job is, said every few seconds by a thread of its own: one step of the work may take longer."""

    log: JobLog
    job: Job
    told: dict[str, Any] = field(default_factory=dict)
    kept: bool = True

    def reached(self, name: str, done: int, of: int) -> None:
        self.told = {"stage": name, "done": done, "of": of}
        if not self.kept:
            raise _TakenOver

    @contextmanager
    def going(self) -> Iterator[None]:
        stop = threading.Event()
        beating = threading.Thread(target=self._beat, args=(stop,), daemon=True)
        beating.start()
        try:
            yield
        finally:
            stop.set()
            beating.join()

    def _beat(self, stop: threading.Event) -> None:
        while self.kept and not stop.wait(_BEAT_SECONDS):
            with suppress(StoreError):  # the database is away: the work itself finds out, or goes on
                self.kept = self.log.beat(self.job, self.told)


def spool_of(service: Service) -> Spool:
    return Spool(service.settings.spool)


def upload_name(job_id: str) -> str:
    """Return what an uploaded file is called in reports."""
    return f"upload:{job_id}"


def work_until(
    service: Service, stop: threading.Event, told: Callable[[Job, Mapping[str, Any]], None] = lambda *_: None
) -> None:
    """Work jobs off as they come, until stopped. A database that is away is waited for."""
    while not stop.is_set():
        try:
            done = work_off(service, told)
        except StoreError:
            done = 0
        if not done:
            stop.wait(_LOOK_SECONDS)


def work_off(service: Service, told: Callable[[Job, Mapping[str, Any]], None] = lambda *_: None) -> int:
    """Work off what waits, and return how many jobs that were. StoreError: the job at hand is begun anew later."""
    log, done = service.store.jobs(SystemClock()), 0
    while (job := log.take(SILENT)) is not None:
        done += 1
        with span(f"job {job.kind}"):
            report = _worked_off(service, log, job)
            ended: dict[str, Any] = {name: report[name] for name in ("status", "code") if name in report}
            ended |= {"client": job.client, "correlation_id": job.correlation_id}
            say("job", job_id=job.job_id, kind=job.kind.value, **ended)
        told(job, report)
    return done


def _worked_off(service: Service, log: JobLog, job: Job) -> Mapping[str, Any]:
    beat, report = _Beat(log, job), dict[str, Any]()
    try:
        with beat.going():
            status, report = _ended(service, job, Stages(counted=beat.reached))
    except _TakenOver:
        return {"taken_over": True}
    if log.end(job, status, report) and job.kind is JobKind.UPLOAD:
        spool_of(service).upload(job.job_id).unlink(missing_ok=True)
    return {"status": status.value, **report}


def _ended(service: Service, job: Job, stages: Stages) -> tuple[JobStatus, dict[str, Any]]:
    if job.attempts > _MOST_ATTEMPTS:
        return JobStatus.FAILED, {
            "code": "GAVE_UP",
            "title": f"It was tried {_MOST_ATTEMPTS} times, and its worker died each time.",
            "detail": "Send it in smaller parts; operators find the cause in the log.",
        }
    try:
        return JobStatus.DONE, _KINDS[job.kind](service, job, stages)
    except (StoreError, _TakenOver):
        raise
    except IdentityError as error:
        name = str(spool_of(service).upload(job.job_id))
        title = error.message.replace(name, upload_name(job.job_id))
        return JobStatus.FAILED, {"code": error.code, "title": title, "detail": error.remedy}
    except Exception as error:  # it would be the same the next time, and it may quote what was sent
        kind = type(error).__name__
        return JobStatus.FAILED, {"code": "UNFORESEEN", "title": "Something went wrong here.", "detail": kind}


def _upload(service: Service, job: Job, stages: Stages) -> dict[str, Any]:
    path, source = spool_of(service).upload(job.job_id), job.asked.get("source")
    with stages.stage("read file"):
        delivery = service.reading.uploaded(path, source, upload_name(job.job_id))
    report = ingest_deliveries(service, [delivery], stages)
    (told,) = report.pop("files")
    return {**report, "codes": told["codes"], "load_id": told["load_id"]}


def _export(service: Service, job: Job, stages: Stages) -> dict[str, Any]:
    form, purpose = job.asked["format"], job.asked.get("purpose")
    spool = spool_of(service)
    spool.open()
    path = spool.export(job.job_id, form)
    # Who was erased meanwhile is in it, and whoever erased them looked for files too early, or took half of one away.
    while True:
        known = service.store.privacy.erasures()
        try:
            report = export_report(service, path, form, stages, purpose, clear=bool(job.asked["clear"]))
        except FileError:
            if service.store.privacy.erasures() == known:
                raise
            continue
        if service.store.privacy.erasures() == known:
            return {**report, "bytes": _size(path)}


def _size(path: Path) -> int:
    """Return 0 for a file that is gone again: somebody was erased since it was written."""
    return path.stat().st_size if path.exists() else 0


_KINDS: Mapping[JobKind, Callable[[Service, Job, Stages], dict[str, Any]]] = {
    JobKind.UPLOAD: _upload,
    JobKind.EXPORT: _export,
}
