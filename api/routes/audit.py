"""Who saw or decided what about whom."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.answers_of_requests import AuditEntries
from api.calls import Call, Reply, needs
from api.refusals import refusals
from api.schemas import Moment
from api.scopes import Scope
from identity.commands.audit import entries_report

__all__ = ["router"]

router = APIRouter(tags=["audit"])


@router.get("/audit", response_model=AuditEntries, responses=refusals())
def audit(
    call: Annotated[Call, needs(Scope.AUDIT_READ)],
    subject: Annotated[str, Query(max_length=100, description="A golden id: entries about it only.")] = "",
    since: Annotated[Moment | None, Query(description="Entries from this moment on.")] = None,
    after: Annotated[int, Query(ge=0, le=2**62, description="The `next` of the page before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> Response:
    """Return entries of the audit trail, oldest first. That it is whole, `identity audit verify` says."""
    return Reply(200, entries_report(call.service, subject, since, after, limit)).response()
