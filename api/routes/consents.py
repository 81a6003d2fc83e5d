"""What people allow: told and kept for good, asked before they are reached, proven, taken back by a link."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter
from fastapi.responses import Response

from api.answers import Agreed, Checks, Receipt, ToldFacts, Unsubscribed
from api.answers import Tokens as MintedTokens
from api.calls import Call, Reply, Write, needs, needs_to_write
from api.consents import CheckAsked, ConsentAct, ConsentActs, MintAsked, TokenSent
from api.problems import Problem
from api.refusals import refusals
from api.routes.lookup import erased
from api.scopes import Scope
from identity.commands.consents import agreement_report, receipt_report, told_report, was_told_report
from identity.flows.consent import Asker, Said, Teller
from identity.flows.lookup import ByGoldenId, ByIdentifier, ByRecord, Question
from identity.model.audit import AuditAction
from identity.model.cluster import GoldenId
from identity.model.consent_policy import ConsentPolicy
from identity.model.record import RecordKey

__all__ = ["router"]

router = APIRouter(tags=["consents"])
_JSON = "application/json"
Checking = Annotated[Call, needs(Scope.CONSENTS_CHECK)]


@router.post("/consents", response_model=ToldFacts, responses=refusals(404, 409))
def tell_consents(
    told: ConsentActs, write: Annotated[Write, needs_to_write(Scope.CONSENTS_WRITE)]
) -> Response:
    """Keep what people allowed and refused, all of it or nothing. Profiles go by it at once."""
    service = write.call.service
    said = [each for act in told.acts for each in _said(act, service.consents.policy)]

    def carry_out(operation_id: str) -> Reply:
        return Reply(200, told_report(service, said, _teller(write.call, operation_id)))

    def known(operation_id: str) -> Reply | None:
        report = was_told_report(service, operation_id)
        return Reply(200, report) if report else None

    return write.once(carry_out, known)


@router.get("/profiles/{golden_id}/consents", response_model=Agreed, responses=refusals(404, 410))
def consents_of_a_profile(golden_id: str, call: Annotated[Call, needs(Scope.CONSENTS_READ)]) -> Response:
    """Return what the person agreed to whom an id leads to, since when and why, and all that was said of it."""
    found = call.service.consents.agreement(GoldenId(golden_id))
    if found is None:
        raise erased()
    call.note(golden_id=found.golden_id)
    clear = call.may(Scope.PERSONAL_READ)
    if clear:
        call.audit(AuditAction.READ, found.golden_id, parts=["consents"])
    report = agreement_report(found, clear=clear)
    return Response(orjson.dumps(report), media_type=_JSON)


@router.get("/consents/{fact_id}/receipt", response_model=Receipt, responses=refusals(404))
def receipt_of_a_consent(fact_id: str, call: Annotated[Call, needs(Scope.CONSENTS_READ)]) -> Response:
    """Return the receipt of a fact, shaped on ISO/IEC TS 27560."""
    return Response(orjson.dumps(receipt_report(call.service, fact_id)), media_type=_JSON)


@router.post("/consents:check", response_model=Checks, responses=refusals())
def check_consents(asked: CheckAsked, call: Checking) -> Response:
    """Return for each of up to 1,000 keys whether they may be reached, and why. Who is not known may not be."""
    questions = [_question(each) for each in asked.keys]
    call.context.limits.look_up(call.caller.client, len(questions))
    call.note(purpose=f"{asked.purpose[:40]}")
    found = call.service.consents.check(questions, Asker(asked.purpose, asked.channel, asked.jurisdiction))
    answers = [
        {
            "allowed": each.permission.allowed,
            "reason": each.permission.reason,
            "status": each.status,
            "golden_ids": each.golden_ids,
        }
        for each in found
    ]
    return Response(orjson.dumps({"answers": answers}), media_type=_JSON)


@router.post("/unsubscribe-tokens", response_model=MintedTokens, responses=refusals(404))
def mint_tokens(asked: MintAsked, call: Checking) -> Response:
    """Return a token for each person, to put into what is sent to them. It follows them through merges and splits."""
    ids = [GoldenId(each) for each in asked.golden_ids]
    tokens = call.service.consents.mint(ids, asked.purpose, asked.channel)
    told = [{"golden_id": each, "token": token} for each, token in zip(ids, tokens, strict=True)]
    return Response(orjson.dumps({"tokens": told}), media_type=_JSON)


@router.post("/unsubscribe", response_model=Unsubscribed, responses=refusals(404, 409))
def unsubscribe(sent: TokenSent, write: Annotated[Write, needs_to_write(Scope.UNSUBSCRIBE)]) -> Response:
    """Take back the consent that a token is for, from whoever answers for its person now."""
    service = write.call.service

    def carry_out(operation_id: str) -> Reply:
        told = service.consents.unsubscribe(sent.token, _teller(write.call, operation_id))
        return _unsubscribed(dict(told.statuses) if told else {})

    def known(operation_id: str) -> Reply | None:
        told = service.consents.told(f"{operation_id}.1")
        return _unsubscribed(dict(told.statuses)) if told else None

    return write.once(carry_out, known)


def _unsubscribed(statuses: dict[GoldenId, str]) -> Reply:
    profiles = [{"golden_id": golden_id, "status": status} for golden_id, status in sorted(statuses.items())]
    return Reply(200, {"unsubscribed": True, "profiles": profiles})


def _teller(call: Call, operation_id: str) -> Teller:
    return Teller(call.caller.client, operation_id, call.correlation_id)


def _said(act: ConsentAct, policy: ConsentPolicy) -> list[Said]:
    """Return what was said; a signal says several things. Problem 422 where it is not clear what."""
    about = _question(act)
    more: dict[str, Any] = {
        "captured_at": act.captured_at,
        "expires_at": act.expires_at,
        "source": act.told_by,
        "jurisdiction": act.jurisdiction,
        "basis": act.basis,
        "notice": act.notice_version,
        "evidence": act.evidence,
    }
    named = act.purpose is not None and act.channel is not None and act.status is not None
    some = act.purpose is not None or act.channel is not None or act.status is not None
    if act.signal is None and named:
        return [Said(about, act.purpose or "", act.channel or "", act.status or "", **more)]
    if act.signal is None or some:
        raise _unclear("Give purpose, channel and status, or a signal.")
    signal = policy.signals.get(act.signal)
    if signal is None:
        raise _unclear(f"There are the signals: {', '.join(policy.signals) or 'none'}.")
    more["evidence"] = act.evidence or f"signal {signal.name}"
    consents = (each.partition(".") for each in signal.consents)
    return [Said(about, purpose, channel, signal.status, **more) for purpose, _, channel in consents]


def _question(asked: Any) -> Question:
    """Return the one whom it is about. Problem 422 when it is nobody, or several."""
    told = {name for name in ("golden_id", "source", "email", "phone") if getattr(asked, name) is not None}
    if (asked.source is None) != (asked.source_record_id is None) or len(told) != 1:
        raise _unclear("Name exactly one of: golden_id, source with source_record_id, email, phone.")
    (kind,) = told
    if kind == "golden_id":
        return ByGoldenId(GoldenId(asked.golden_id))
    if kind == "source":
        return ByRecord(RecordKey(asked.source, asked.source_record_id))
    return ByIdentifier(kind, getattr(asked, kind), asked.country)


def _unclear(detail: str) -> Problem:
    return Problem(422, "INVALID_REQUEST", "It is not clear who or what is meant.", detail)
