"""Who somebody is: by id, by identifier, by likeness, by name. What is asked travels in the body."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter
from fastapi.responses import Response

from api.answers import Answers, Likeness, NamesFound
from api.calls import Call, needs
from api.problems import Problem
from api.refusals import refusals
from api.schemas import Asked, Found, LookupBatch, MatchAsked, NameAsked
from api.scopes import Scope
from identity.commands.find import match_report
from identity.flows.lookup import Answer, ByGoldenId, ByIdentifier, ByRecord, Question
from identity.model.audit import AuditAction
from identity.model.cluster import GoldenId
from identity.model.record import RecordKey, SourceRecord
from identity.steps.refuse import storable
from identity.store.searches import NameSearch

__all__ = ["router"]

router = APIRouter(tags=["lookup"])
_JSON = "application/json"
_ASKED_ABOUT = RecordKey("", "")


@router.post("/lookup", response_model=Found, responses=refusals(404, 410))
def look_up(asked: Asked, call: Annotated[Call, needs(Scope.LOOKUP)]) -> Response:
    """Return the golden id of an id or identifier, in any spelling. 404 when nobody is known by it."""
    question = _question(asked)
    call.context.limits.look_up(call.caller.client, 1)
    (answer,) = _answers(call, [question])
    if not answer.golden_ids:
        raise _UNANSWERED[answer.status]()
    if answer.status == "erased":
        raise erased()
    return Response(orjson.dumps(_found(answer, asked.as_of)), media_type=_JSON)


@router.post("/lookup:batch", response_model=Answers, responses=refusals())
def look_up_many(batch: LookupBatch, call: Annotated[Call, needs(Scope.LOOKUP)]) -> Response:
    """Return an answer for each of up to 1,000 keys, in their order; unknown ones say so."""
    questions = [_question(asked) for asked in batch.keys]
    call.context.limits.look_up(call.caller.client, len(questions))
    answers = zip(_answers(call, questions), batch.keys, strict=True)
    found = {"answers": [_found(answer, asked.as_of) for answer, asked in answers]}
    return Response(orjson.dumps(found), media_type=_JSON)


@router.post("/match", response_model=Likeness, responses=refusals())
def match(asked: MatchAsked, call: Annotated[Call, needs(Scope.MATCH)]) -> Response:
    """Return the stored records that somebody is like, how much, and why the likest is. Nothing is written."""
    from api.routes.explain import without_values

    call.context.limits.look_up(call.caller.client, 1)
    record = SourceRecord(_ASKED_ABOUT, asked.record.attributes())
    if not storable(*record.attributes.values()):
        raise Problem(
            422, "INVALID_REQUEST", "The record holds what no record can.", "See E302, E308 and E309."
        )
    report = call.near_unless_shown(lambda service: match_report(service, record, asked.limit), _anybody)
    shown = without_values(report)
    if shown != report and call.may(Scope.PERSONAL_READ):
        shown = report
        ids = {each["golden_id"] for each in report["alike"] if each["golden_id"]}
        call.audit(AuditAction.MATCH, golden_ids=sorted(ids))
    return Response(orjson.dumps(shown), media_type=_JSON)


@router.post("/search", response_model=NamesFound, responses=refusals())
def search(asked: NameAsked, call: Annotated[Call, needs(Scope.SEARCH)]) -> Response:
    """Return profiles of people of a name, page by page: send `next_cursor` back as `cursor`."""
    call.context.limits.look_up(call.caller.client, asked.limit)
    wanted = NameSearch(asked.family_name, asked.given_name, asked.birth_date, asked.postcode)
    page_asked = (wanted, int(asked.cursor or 0), asked.limit)
    rows = call.near(lambda service: service.store.searches.by_name(*page_asked), bool)
    ids = list(dict.fromkeys(golden_id for _, golden_id in rows))
    call.audit(AuditAction.SEARCH, found=len(ids))
    page = {
        "golden_ids": ids,
        "next_cursor": str(rows[-1][0]) if len(rows) == asked.limit else None,
    }
    return Response(orjson.dumps(page), media_type=_JSON)


def _answers(call: Call, questions: Sequence[Question]) -> list[Answer]:
    """Return an answer to each. Who is not known in a read replica may have come since: of many, only they are asked of
    the primary."""
    if len(questions) == 1 or not call.nears():
        return call.near(lambda service: service.lookup(questions), _all_known)
    answers = call.near(lambda service: service.lookup(questions))
    if unknown := [at for at, answer in enumerate(answers) if not answer.golden_ids]:
        asked = [questions[at] for at in unknown]
        now = call.near(lambda service: service.lookup(asked), _all_known)
        for at, answer in zip(unknown, now, strict=True):
            answers[at] = answer
    return answers


def _all_known(answers: Sequence[Answer]) -> bool:
    return all(answer.golden_ids for answer in answers)


def _anybody(report: Mapping[str, Any]) -> bool:
    return bool(report["alike"])


def _question(asked: Asked) -> Question:
    """Return the one thing that is asked for. Problem 422 when it is none, or several."""
    told = {name for name in _KINDS if getattr(asked, name) is not None}
    if (asked.source is None) != (asked.source_record_id is None) or len(told) != 1:
        raise _unclear(
            "Ask for exactly one of: golden_id, source with source_record_id, email, phone, loyalty_id, tax_id."
        )
    (kind,) = told
    if kind == "golden_id":
        return ByGoldenId(GoldenId(asked.golden_id or ""), asked.as_of)
    if kind == "source":
        return ByRecord(RecordKey(asked.source or "", asked.source_record_id or ""), asked.as_of)
    if asked.as_of:
        raise _unclear(
            "What an identifier meant at a past moment is not known: as_of goes with golden_id and source."
        )
    return ByIdentifier(kind, getattr(asked, kind), asked.country)


_KINDS = ("golden_id", "source", "email", "phone", "loyalty_id", "tax_id")


def _found(answer: Answer, as_of: datetime | None) -> dict[str, Any]:
    ids = answer.golden_ids
    told = {"records": [str(key) for key in answer.records]} if as_of else {}
    return {
        "golden_id": ids[0] if len(ids) == 1 else None,
        "golden_ids": ids,
        "status": answer.status,
        "redirected": answer.redirected,
        **told,
    }


def _unclear(detail: str) -> Problem:
    return Problem(422, "INVALID_REQUEST", "It is not clear who is asked for.", detail)


def erased() -> Problem:
    return Problem(410, "ERASED", "The person was erased.", "Forget the id.")


_UNANSWERED: dict[str, Callable[[], Problem]] = {
    "unknown": lambda: Problem(404, "UNKNOWN", "Nobody is known by this.", "Tell a record first, or match."),
    "shared": lambda: Problem(
        404,
        "SHARED",
        "Too many people share this value for it to be anybody's.",
        "Ask for another identifier.",
    ),
}
