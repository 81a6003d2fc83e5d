"""Why two belong together or not, and how a profile came to be."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.calls import Call, needs
from api.explanations import HowTold, WhyNotTold, WhyTold
from api.refusals import refusals
from api.routes.decisions import _side
from api.scopes import Scope
from identity.commands.explain import how_report, why_not_report, why_report
from identity.model.audit import AuditAction

__all__ = ["router", "without_values"]

router = APIRouter(tags=["explanations"])
Explains = Annotated[Call, needs(Scope.EXPLAIN)]
Named = Annotated[
    str, Query(min_length=1, max_length=1_000, description="A golden id, or a record as source:id.")
]


@router.get("/profiles/{golden_id}/how", response_model=HowTold, responses=refusals(404))
def how(golden_id: str, call: Explains) -> Response:
    """Return how a profile came to be, and in which order it holds together."""
    return _answer(call, call.near_unless_shown(lambda service: how_report(service, golden_id)))


@router.get("/profiles/{golden_id}/why", response_model=WhyTold, responses=refusals(404))
def why_with(golden_id: str, other: Named, call: Explains) -> Response:
    """Return what holds a profile and somebody else together."""
    return why(golden_id, other, call)


@router.get("/profiles/{golden_id}/why-not", response_model=WhyNotTold, responses=refusals(404))
def why_not_with(golden_id: str, other: Named, call: Explains) -> Response:
    """Return what keeps a profile and somebody else apart."""
    return why_not(golden_id, other, call)


@router.get("/why", response_model=WhyTold, responses=refusals(404))
def why(one: Named, other: Named, call: Explains) -> Response:
    """Return what holds two records or profiles together."""
    sides = _side(one), _side(other)
    return _answer(call, call.near_unless_shown(lambda service: why_report(service, *sides)))


@router.get("/why-not", response_model=WhyNotTold, responses=refusals(404))
def why_not(one: Named, other: Named, call: Explains) -> Response:
    """Return what keeps two records or profiles apart, the decisive cause first."""
    sides = _side(one), _side(other)
    return _answer(call, call.near_unless_shown(lambda service: why_not_report(service, *sides)))


def _answer(call: Call, report: dict[str, Any]) -> Response:
    shown = without_values(report)
    if shown != report and call.may(Scope.PERSONAL_READ):
        shown = report
        call.audit(AuditAction.EXPLAIN, golden_ids=_golden_ids(report))
    return Response(orjson.dumps(shown, default=str), media_type="application/json")


def _golden_ids(report: dict[str, Any]) -> list[str]:
    sides = (report, *(report.get(side) or {} for side in ("one", "other")))
    return sorted({side["golden_id"] for side in sides if side.get("golden_id")})


def without_values(report: Any) -> Any:
    """Return a report without the values that were compared: they are personal."""
    match report:
        case dict():
            return {name: without_values(told) for name, told in report.items() if name != "values"}
        case list():
            return [without_values(each) for each in report]
    return report
