"""What answers about long work and privacy requests look like, for the documentation; see `api.answers`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from identity.model.audit import AuditAction
from identity.model.job import JobKind, JobStatus

__all__ = ["AuditEntries", "JobTold", "Jobs", "PrivacyRequests", "PrivacyTold", "SetAside"]

_G = "g4x7k2m9q0c3d8f1n"
_AT = "2026-03-01T12:00:00.000000+00:00"


def _example(**told: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [told]})


class ReceiptTold(BaseModel):
    consumer: str
    status: str
    at: datetime
    code: str


class PrivacyTold(BaseModel):
    """What a person has asked, and what came of it. `receipts` are of systems that were told of an erasure: of
    consumers `told`, `done` or `failed` with a code; `waits_for` are those that have not done it yet."""

    model_config = _example(
        request_id="0199d2c8c7a0b3e48f10",
        kind="erasure",
        golden_id=_G,
        status="done",
        received_at=_AT,
        due_at=_AT,
        actor="service-desk",
        check="Answered from the address on file.",
        reason="By letter of 1 March.",
        decided_at=_AT,
        report={"golden_ids": [_G], "records": 3, "marks": 12},
        receipts=[{"consumer": "loyalty", "status": "done", "at": _AT, "code": ""}],
        fields=[],
        waits_for=[],
    )
    request_id: str
    kind: Literal["access", "erasure", "rectification", "restriction"]
    golden_id: str
    status: Literal["received", "verified", "done", "refused"]
    received_at: datetime
    due_at: datetime
    actor: str
    check: str
    reason: str
    decided_at: datetime | None
    report: dict[str, Any]
    fields: list[str]
    receipts: list[ReceiptTold]
    waits_for: list[str]


class PrivacyRequests(BaseModel):
    requests: list[PrivacyTold]


class Progress(BaseModel):
    """How far the present stage is."""

    stage: str
    done: int
    of: int


class JobProblem(BaseModel):
    """Why a job failed; the code is one of errors, GAVE_UP (its worker died again and again), or UNFORESEEN."""

    code: str
    title: str
    detail: str


class JobTold(BaseModel):
    """Long work. It has `progress` while it runs, a `report` when it is done, a `problem` when it failed."""

    model_config = _example(
        job_id="0199d2c8c7a0b3e48f10a1b2c3d4e5f6",
        kind="upload",
        status="running",
        asked={"source": "pos"},
        created_at=_AT,
        finished_at=None,
        attempts=1,
        progress={"stage": "ingest", "done": 1500, "of": 20000},
        report=None,
        problem=None,
    )
    job_id: str
    kind: JobKind
    status: JobStatus
    asked: dict[str, Any]
    created_at: datetime
    finished_at: datetime | None
    attempts: int = Field(description="How many workers have begun it.")
    progress: Progress | None
    report: dict[str, Any] | None
    problem: JobProblem | None


class Jobs(BaseModel):
    jobs: list[JobTold]


class RowSetAside(BaseModel):
    """A row of a file. `raw` is how it came, for who may see personal values."""

    row: int | None
    column: str | None
    source: str
    source_record_id: str | None
    code: str
    message: str
    outcome: str
    raw: str | None = None


class SetAside(BaseModel):
    """Rows that were quarantined, rejected, or accepted with a warning. Send `next_cursor` back as `cursor`."""

    rows: list[RowSetAside]
    next_cursor: int | None


class AuditTold(BaseModel):
    """Somebody saw or decided something. `details` are counts and opaque words."""

    model_config = _example(
        seq=17,
        at=_AT,
        actor="crm",
        action="read",
        subject=_G,
        purpose="service",
        details={"parts": ["consents"]},
    )
    seq: int
    at: datetime
    actor: str
    action: AuditAction
    subject: str | None = Field(description="The golden id it was about; others may stand in `details`.")
    purpose: str | None
    details: dict[str, Any]


class AuditEntries(BaseModel):
    """Send `next` back as `after`; `more` says that there may be a next page."""

    entries: list[AuditTold]
    next: int
    more: bool
