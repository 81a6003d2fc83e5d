"""What people ask about what is held of them: received, checked, carried out, and confirmed by those who were told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.answers_of_requests import PrivacyRequests, PrivacyTold
from api.calls import Call, Reply, Write, needs, needs_to_write
from api.refusals import refusals
from api.schemas import Checked, Confirmed, PrivacyAsked, Reason
from api.scopes import Scope
from identity.bootstrap import SystemClock
from identity.commands.person import person_report
from identity.commands.privacy import carry_out, decided_already, known_request, receive, refuse, told, verify
from identity.model.audit import AuditAction
from identity.model.errors import LookupFailed
from identity.model.privacy import PrivacyKind, PrivacyRequest, PrivacyStatus, Receipt
from identity.steps.refuse import storable

__all__ = ["router"]

router = APIRouter(prefix="/privacy-requests", tags=["privacy"])
Writes = Annotated[Write, needs_to_write(Scope.PRIVACY)]
Reads = Annotated[Call, needs(Scope.PRIVACY)]


@router.post("", response_model=PrivacyTold, responses=refusals(404, 409))
def receive_a_request(asked: PrivacyAsked, write: Writes) -> Response:
    """Keep what a person asks, with the date it is due by. Nothing is done yet."""
    client, service = write.call.caller.client, write.call.service
    return write.once(
        lambda name: _told(
            receive(
                service, PrivacyKind(asked.kind), asked.golden_id, client, asked.reason, name, asked.values
            )
        ),
        lambda name: _known(write.call, name),
    )


@router.get("", response_model=PrivacyRequests, responses=refusals())
def privacy_requests(call: Reads, limit: Annotated[int, Query(ge=1, le=1_000)] = 100) -> Response:
    """Return requests, what is due first before the others."""
    found = call.service.store.privacy.requests(limit=limit)
    return Reply(200, {"requests": [told(each) for each in found]}).response()


@router.get("/{request_id}", response_model=PrivacyTold, responses=refusals(404))
def privacy_request(request_id: str, call: Reads) -> Response:
    """Return a request, and who has confirmed what was done."""
    return _told(_request(call, request_id)).response()


@router.post("/{request_id}/verify", response_model=PrivacyTold, responses=refusals(404, 409))
def verify_a_request(request_id: str, checked: Checked, write: Writes) -> Response:
    """Say how it was made sure that the person asks."""
    client = write.call.caller.client
    return _decided(write, request_id, lambda: verify(write.call.service, request_id, checked.check, client))


@router.post("/{request_id}/refuse", response_model=PrivacyTold, responses=refusals(404, 409))
def refuse_a_request(request_id: str, why: Reason, write: Writes) -> Response:
    """Say no, and why."""
    client = write.call.caller.client
    return _decided(
        write,
        request_id,
        lambda: refuse(write.call.service, request_id, why.reason, client),
        PrivacyStatus.REFUSED,
    )


@router.post("/{request_id}/carry-out", response_model=PrivacyTold, responses=refusals(404, 409))
def carry_out_a_request(request_id: str, write: Writes) -> Response:
    """Erase, for good: the ids answer 410, and nothing brings the person back. Restrict: the records are kept and not
    used, until that is released. Or say that another request was met."""
    call = write.call
    told = (call.caller.client, call.correlation_id)
    return _decided(write, request_id, lambda: carry_out(call.service, request_id, *told), PrivacyStatus.DONE)


@router.get(
    "/{request_id}/person",
    response_model=dict[str, object],
    responses=refusals(404),
)
def person(request_id: str, call: Annotated[Call, needs(Scope.PRIVACY, Scope.PERSONAL_READ)]) -> Response:
    """Return everything that is held of whom a request is about, and nobody else's fields."""
    request = _request(call, request_id)
    call.note(golden_id=request.golden_id)
    call.audit(AuditAction.PERSON, request.golden_id, request_id=request_id)
    report = person_report(call.service, request.golden_id)
    return Response(orjson.dumps(report, default=str), media_type="application/json")


@router.post("/{request_id}/receipts", response_model=PrivacyTold, responses=refusals(404, 409))
def confirm(
    request_id: str, confirmed: Confirmed, write: Annotated[Write, needs_to_write(Scope.RECEIPTS_WRITE)]
) -> Response:
    """Say that one's own system has erased the person, or why not. Whoever was told of `customer.erased` does so."""
    call = write.call

    def kept() -> PrivacyRequest:
        _request(call, request_id)
        receipt = Receipt(call.caller.client, confirmed.status, SystemClock().now())
        call.service.store.privacy.put_receipt(request_id, receipt)
        return known_request(call.service, request_id)

    return _decided(write, request_id, kept)


def _decided(
    write: Write,
    request_id: str,
    decide: Callable[[], PrivacyRequest],
    into: PrivacyStatus | None = None,
) -> Response:
    """Decide once. Whoever ended without an answer may have brought the request `into` a status that is final."""

    def decided(_: str) -> Reply:
        _request(write.call, request_id)
        return _told(decide())

    def known(_: str) -> Reply | None:
        found = decided_already(write.call.service, request_id, into) if into else None
        return _told(found) if found else None

    return write.once(decided, known)


def _request(call: Call, request_id: str) -> PrivacyRequest:
    if not storable(request_id):
        raise LookupFailed("E524", "No privacy request is known by this id.", "Ask for those there are.")
    return known_request(call.service, request_id)


def _known(call: Call, request_id: str) -> Reply | None:
    found = call.service.store.privacy.request(request_id)
    return _told(found) if found else None


def _told(request: PrivacyRequest) -> Reply:
    return Reply(200, told(request))
