"""What people ask about themselves: kept with a date it is due by, decided by a person, carried out, and reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from identity.bootstrap import Service, SystemClock
from identity.commands.work_off import spool_of
from identity.flows.judge import Decided, Wish, override
from identity.flows.judge.override import refuse_unfit
from identity.flows.privacy.erase import erase
from identity.flows.privacy.restrict import lift, restrict
from identity.model.audit import AuditAction, AuditEntry
from identity.model.cluster import GoldenId
from identity.model.errors import DecisionRefused, LookupFailed
from identity.model.privacy import (
    Erasure,
    NotedRequest,
    PrivacyKind,
    PrivacyRequest,
    PrivacyStatus,
    Receipt,
)
from identity.ports import OnlineWork
from identity.steps.suppress import key_mark
from identity.workbench import forget_spills

__all__ = [
    "carry_out",
    "erase_now",
    "heal_journals",
    "known_request",
    "receive",
    "refuse",
    "release",
    "told",
    "verify",
]

_DUE = timedelta(days=30)
"""A month from when it was received (GDPR, article 12)."""
_OPEN = (PrivacyStatus.RECEIVED, PrivacyStatus.VERIFIED)


def receive(
    service: Service,
    kind: PrivacyKind,
    golden_id: str,
    actor: str,
    reason: str = "",
    request_id: str = "",
    wanted: Mapping[str, str] = MappingProxyType({}),
) -> PrivacyRequest:
    """Keep a request that somebody has made about a person; `wanted` are values to be put right, by field.

    LookupFailed E501 for an id that was never issued; DecisionRefused where values cannot be put right so.
    """
    if wanted and kind is not PrivacyKind.RECTIFICATION:
        raise DecisionRefused("NOT_A_FIELD", "Only a rectification names values.")
    if wanted:
        refuse_unfit(service.desk, wanted)
    view = service.store.views.profile(GoldenId(golden_id))
    if view is None:
        raise LookupFailed("E501", "No profile has this golden id.", "Look it up by something else.")
    now, name = SystemClock().now(), request_id or service.desk.new_id()
    request = PrivacyRequest(
        name,
        kind,
        view.profile.golden_id,
        PrivacyStatus.RECEIVED,
        now,
        now + _DUE,
        actor,
        reason=reason,
        wanted=wanted,
    )
    return _kept(service, request, actor)


def verify(service: Service, request_id: str, check: str, actor: str) -> PrivacyRequest:
    """Say how it was made sure that the person asks; `actor` says so."""
    request = _open(service, request_id)
    if not check.strip():
        raise DecisionRefused(
            "NOT_CHECKED", "It has to be said how the person was recognised.", "Say it in `check`."
        )
    return _kept(service, replace(request, status=PrivacyStatus.VERIFIED, check=check), actor)


def refuse(service: Service, request_id: str, reason: str, actor: str) -> PrivacyRequest:
    """Say no, and why."""
    request = _open(service, request_id)
    now = SystemClock().now()
    refused = replace(request, status=PrivacyStatus.REFUSED, reason=reason, decided_at=now)
    return _kept(service, refused, actor)


def carry_out(
    service: Service, request_id: str, actor: str, correlation_id: str | None = None
) -> PrivacyRequest:
    """Erase, restrict or put right, once it is certain who asks. Of other requests keep that they were met."""
    request = _open(service, request_id)
    if request.status is not PrivacyStatus.VERIFIED:
        raise DecisionRefused(
            "NOT_CHECKED", "Nobody has said yet how the person was recognised.", "Verify the request first."
        )
    if request.kind is PrivacyKind.ERASURE:
        _erase(service, request, correlation_id, actor)
    elif request.kind is PrivacyKind.RESTRICTION:
        restrict(service.desk, request, actor, correlation_id)
    elif request.kind is PrivacyKind.RECTIFICATION and request.wanted:
        _put_right(service, request, actor, correlation_id)
    else:
        done = replace(request, status=PrivacyStatus.DONE, decided_at=SystemClock().now())
        _kept(service, done, actor)
    return known_request(service, request_id)


def erase_now(service: Service, golden_id: str, actor: str, check: str, reason: str = "") -> PrivacyRequest:
    """Receive, verify and carry out an erasure in one: for who has the person before them."""
    request = receive(service, PrivacyKind.ERASURE, golden_id, actor, reason)
    verify(service, request.request_id, check, actor)
    return carry_out(service, request.request_id, actor)


def known_request(service: Service, request_id: str) -> PrivacyRequest:
    """Return a request. LookupFailed E524 for one that nobody has made."""
    found = service.store.privacy.request(request_id)
    if found is None:
        raise LookupFailed(
            "E524", "No privacy request is known by this id.", "`identity privacy` lists them."
        )
    return found


def heal_journals(service: Service) -> int:
    """Write down erasures and requests that the journals lack, because a process ended between the two, or they are of
    before there was one; return how many."""
    known = {erasure.erasure_id for erasure in service.memory.erasures.erasures()}
    missing = [name for name in service.store.privacy.erasures() if name not in known]
    for name in missing:
        service.memory.erasures.append(_erasure(service, name))
    noted = _not_noted(service)
    if noted:
        service.memory.requests.append(noted)
    return len(missing) + len(noted)


def _not_noted(service: Service) -> list[NotedRequest]:
    journal, digest = service.memory.requests.requests(), service.index.cabinet.digest
    missing = service.store.privacy.request_ids() - journal.keys()
    with service.store.look() as look:
        held = look.requests([name for name, noted in journal.items() if noted.holds])
        missing |= {name for name, each in held.items() if _released(each)}
        asked = look.requests(missing)
        marks: dict[str, set[int]] = {name: set() for name in missing}
        for each in look.restrictions_of(missing):
            marks[each.request_id].add(key_mark(each.key, digest))
    return [
        NotedRequest(each, frozenset(marks[name]), tuple(sorted(each.wanted)), _released(each))
        for name, each in asked.items()
    ]


def _released(request: PrivacyRequest) -> datetime | None:
    told = request.report.get("released_at")
    return datetime.fromisoformat(told) if told else None


def told(request: PrivacyRequest) -> dict[str, Any]:
    return {
        "request_id": request.request_id,
        "kind": request.kind.value,
        "golden_id": request.golden_id,
        "status": request.status.value,
        "received_at": request.received_at.isoformat(),
        "due_at": request.due_at.isoformat(),
        "actor": request.actor,
        "check": request.check,
        "reason": request.reason,
        "decided_at": request.decided_at.isoformat() if request.decided_at else None,
        "report": dict(request.report),
        "fields": sorted(request.wanted),
        "receipts": [_receipt(receipt) for receipt in request.receipts],
        "waits_for": list(request.waits_for),
    }


def _receipt(receipt: Receipt) -> Mapping[str, str]:
    at = receipt.at.isoformat()
    return {"consumer": receipt.consumer, "status": receipt.status, "at": at, "code": receipt.code}


def _open(service: Service, request_id: str) -> PrivacyRequest:
    request = known_request(service, request_id)
    if request.status not in _OPEN:
        raise DecisionRefused(
            "NOT_OPEN", f"The request is {request.status}.", "Nothing is left to be done about it."
        )
    return request


def release(service: Service, request_id: str, actor: str) -> dict[str, Any]:
    """Let come back who was erased, because they have come by their own will, or lift a restriction; return how many
    marks or records that were."""
    request, now = known_request(service, request_id), SystemClock().now()
    if request.kind is PrivacyKind.RESTRICTION:
        return {"request_id": request_id, "records": lift(service.desk, request, actor)}
    entry = AuditEntry(actor, AuditAction.RELEASE, request.golden_id, details={"request_id": request_id})
    return {"request_id": request_id, "marks": service.store.privacy.release(request_id, entry, now)}


def _kept(service: Service, request: PrivacyRequest, actor: str) -> PrivacyRequest:
    with service.store.online(SystemClock()) as work:
        _put(service, work, request, actor)
    return request


def _put(service: Service, work: OnlineWork, request: PrivacyRequest, actor: str) -> None:
    noted = NotedRequest(request, fields=tuple(sorted(request.wanted)))
    service.memory.requests.append([noted])  # before it is stored: no request is forgotten
    told = {"request_id": request.request_id, "kind": request.kind.value, "status": request.status.value}
    work.put_request(request)
    work.audit(AuditEntry(actor, AuditAction.REQUEST, request.golden_id, details=told))


def _erase(service: Service, request: PrivacyRequest, correlation_id: str | None, actor: str) -> None:
    erasure = erase(service.desk, request, correlation_id, actor)
    service.memory.erasures.append(erasure)
    _forget_files(service)
    service.store.scrub()


def _put_right(service: Service, request: PrivacyRequest, actor: str, correlation_id: str | None) -> None:
    """Have the profile that answers by now tell the right values; under the request's id, so once only."""
    view = service.store.views.profile(request.golden_id)
    answers = view.profile.golden_id if view else request.golden_id
    wish = Wish(
        actor,
        f"privacy request {request.request_id}",
        correlation_id,
        operation_id=request.request_id,
    )

    def done(work: OnlineWork, _: Decided) -> None:
        report = {"golden_ids": [answers], "fields": sorted(request.wanted)}
        met = replace(request, status=PrivacyStatus.DONE, decided_at=work.at, report=report)
        _put(service, work, met, actor)

    try:
        override(service.desk, answers, request.wanted, wish, "request", done)
    except DecisionRefused as refusal:
        if refusal.code != "NOTHING_TO_DECIDE":
            raise
        _kept(service, replace(request, status=PrivacyStatus.DONE, decided_at=SystemClock().now()), actor)


def _forget_files(service: Service) -> None:
    """Exports tell of everybody who was there then, and so does what killed processes have spilled."""
    folder = spool_of(service).folder
    for file in folder.glob("*.export.*") if folder.is_dir() else ():
        file.unlink(missing_ok=True)
    forget_spills()


def _erasure(service: Service, erasure_id: str) -> Erasure:
    request = known_request(service, erasure_id)
    golden_ids = tuple(GoldenId(each) for each in request.report.get("golden_ids", [request.golden_id]))
    marks = service.store.privacy.marks(erasure_id)
    at = request.decided_at or request.received_at
    return Erasure(erasure_id, golden_ids, request.report.get("records", 0), marks, at)
