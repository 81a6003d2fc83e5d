"""Long work: a file of records in, a file of profiles out, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response
from starlette.concurrency import run_in_threadpool

from api.answers_of_requests import Jobs, JobTold, SetAside
from api.calls import Call, Reply, Write, needs, needs_to_write
from api.problems import Problem
from api.purposes import policy_of
from api.refusals import refusals
from api.schemas import ExportAsked, Name
from api.scopes import Scope
from identity.bootstrap import SystemClock
from identity.commands.work_off import spool_of, upload_name
from identity.ids import new_id
from identity.model.audit import AuditAction
from identity.model.job import Job, JobKind, JobStatus
from identity.steps.refuse import storable

__all__ = ["router"]

router = APIRouter(tags=["jobs"])
Reads = Annotated[Call, needs(Scope.JOBS_READ)]
_NDJSON = "application/x-ndjson"
_MEDIA = {"parquet": "application/vnd.apache.parquet", "ndjson": _NDJSON}
_LINES = (
    '{"source":"pos","source_record_id":"1001","given_name":"Ines","email":"ines@example.com"}\n'
    '{"source":"pos","source_record_id":"1002","given_name":"Bert","phone":"(212) 555-0143"}\n'
)
_FILE: Any = {
    "requestBody": {
        "required": True,
        "content": {
            _NDJSON: {"schema": {"description": "Lines of JSON."}, "examples": {"two": {"value": _LINES}}}
        },
    }
}


@router.post(
    "/uploads", status_code=202, response_model=JobTold, responses=refusals(409), openapi_extra=_FILE
)
async def upload(
    request: Request,
    write: Annotated[Write, needs_to_write(Scope.RECORDS_WRITE)],
    source: Annotated[Name | None, Query(description="Stands where a line names no source.")] = None,
) -> Response:
    """Take in a file: a record as for `/v1/records` in each line of JSON. The answer is a job that works it off."""
    spool = spool_of(write.call.service)
    part = await spool.receive(new_id(), request.stream())
    try:
        if not part.stat().st_size:
            raise Problem(422, "INVALID_REQUEST", "The file is empty.", "Send a record in each line of JSON.")
        return await run_in_threadpool(
            write.once,
            lambda job_id: _uploaded(write, job_id, part, source),
            lambda job_id: _known(write.call, job_id),
        )
    finally:
        part.unlink(missing_ok=True)


@router.post("/exports", status_code=202, response_model=JobTold, responses=refusals(409))
def export(asked: ExportAsked, write: Annotated[Write, needs_to_write(Scope.EXPORT)]) -> Response:
    """Write every live profile, as of one moment, into a file. The answer is a job; its result is the file."""
    call = write.call
    policy_of(call, asked.purpose)
    told = {**asked.model_dump(), "clear": call.may(Scope.PERSONAL_READ)}
    return write.once(
        lambda job_id: _queued(call, job_id, JobKind.EXPORT, told), lambda job_id: _known(call, job_id)
    )


def _uploaded(write: Write, job_id: str, part: Path, source: str | None) -> Reply:
    part.replace(spool_of(write.call.service).upload(job_id))
    return _queued(write.call, job_id, JobKind.UPLOAD, {"source": source})


def _queued(call: Call, job_id: str, kind: JobKind, asked: Mapping[str, Any]) -> Reply:
    job = Job(
        job_id,
        kind,
        JobStatus.QUEUED,
        call.caller.client,
        SystemClock().now(),
        asked,
        {},
        call.correlation_id,
    )
    call.service.store.jobs(SystemClock()).queue(job)
    call.note(job_id=job_id)
    return _accepted(job)


def _known(call: Call, job_id: str) -> Reply | None:
    job = call.service.store.jobs(SystemClock()).job(job_id)
    return _accepted(job) if job else None


def _accepted(job: Job) -> Reply:
    return Reply(202, _told(job), {"Location": f"/v1/jobs/{job.job_id}"})


@router.get("/jobs", response_model=Jobs, responses=refusals())
def jobs(call: Reads, limit: Annotated[int, Query(ge=1, le=1_000)] = 100) -> Response:
    """Return the latest jobs of this client, the newest first."""
    found = call.service.store.jobs(SystemClock()).jobs(call.caller.client, limit)
    return Reply(200, {"jobs": [_told(job) for job in found]}).response()


@router.get("/jobs/{job_id}", response_model=JobTold, responses=refusals(404))
def job(job_id: str, call: Reads) -> Response:
    """Return how far a job is, or what came of it."""
    return Reply(200, _told(_own(call, job_id))).response()


@router.get("/jobs/{job_id}/quarantine", response_model=SetAside, responses=refusals(404))
def quarantine(
    job_id: str,
    call: Reads,
    cursor: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> Response:
    """Return the rows of an uploaded file that were set aside, and why; how they came with `personal:read`."""
    _own(call, job_id)
    rows = call.service.store.quarantine(SystemClock()).of_file(upload_name(job_id), cursor, limit)
    names = ["row", "column", "source", "source_record_id", "code", "message", "outcome"]
    if call.may(Scope.PERSONAL_READ):
        names.append("raw")
        call.audit(AuditAction.REVEAL, job_id=job_id, rows=len(rows))
    told = {
        "rows": [{name: getattr(row, name) for name in names} for row in rows],
        "next_cursor": rows[-1].id if len(rows) == limit else None,
    }
    return Reply(200, told).response()


@router.get(
    "/jobs/{job_id}/result",
    response_class=FileResponse,
    responses={
        **refusals(404, 409),
        200: {
            "description": "The file.",
            "content": {
                media: {"schema": {"type": "string", "format": "binary"}} for media in _MEDIA.values()
            },
        },
    },
)
def result(job_id: str, call: Reads) -> Response:
    """Return the file that an export has written. It is kept for two days."""
    job = _own(call, job_id)
    if job.kind is not JobKind.EXPORT:
        raise _nothing()
    policy_of(call, job.asked["purpose"])
    if job.asked["clear"] and job.asked["purpose"] is None and not call.may(Scope.PERSONAL_READ):
        raise Problem(
            403,
            "FORBIDDEN",
            f"The client needs the scope {Scope.PERSONAL_READ}.",
            "It was exported in clear.",
        )
    if job.status is not JobStatus.DONE:
        raise Problem(409, "NOT_DONE", f"The job is {job.status}.", "Ask for the job until it is done.")
    form = job.asked["format"]
    path = spool_of(call.service).export(job_id, form)
    if not path.is_file():
        raise _nothing()
    told = {"job_id": job_id, "profiles": job.report.get("profiles", 0), "clear": int(job.asked["clear"])}
    call.audit(AuditAction.EXPORT, purpose=job.asked["purpose"] or "", **told)
    return FileResponse(path, media_type=_MEDIA[form], filename=f"golden-{job_id}.{form}")


def _own(call: Call, job_id: str) -> Job:
    """Return a job of this client. That others have one of that name is nobody's business."""
    found = call.service.store.jobs(SystemClock()).job(job_id) if storable(job_id) else None
    if found is None or found.client != call.caller.client:
        raise _nothing()
    call.note(job_id=job_id)
    return found


def _nothing() -> Problem:
    return Problem(404, "NOT_FOUND", "There is nothing here.", "GET /v1/jobs lists the jobs of this client.")


def _told(job: Job) -> dict[str, Any]:
    failed = job.status is JobStatus.FAILED
    return {
        "job_id": job.job_id,
        "kind": job.kind.value,
        "status": job.status.value,
        "asked": dict(job.asked),
        "created_at": job.created_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        "attempts": job.attempts,
        "progress": dict(job.report) if job.status is JobStatus.RUNNING and job.report else None,
        "report": dict(job.report) if job.status is JobStatus.DONE else None,
        "problem": dict(job.report) if failed else None,
    }
