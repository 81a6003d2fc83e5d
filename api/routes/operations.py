"""Whether the service is well, what it counts, what re-matches proposed, which models there are."""

from __future__ import annotations

from math import isfinite
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse, Response

from api.answers import Health, Models, Readiness, Run, RunDetails, Runs
from api.calls import Call, Context, Reply, Write, needs, needs_to_write
from api.metrics import CONTENT_TYPE
from api.refusals import refusals, refusals_at_the_door
from api.scopes import Scope
from api.standing import replica_standing
from identity.commands import models, night
from identity.engines.stages import Stages
from identity.model.errors import IdentityError, StoreError
from identity.model.run import RunStatus
from identity.replica import ReplicaState, Standing

__all__ = ["public", "router"]

router = APIRouter(tags=["operations"])
public = APIRouter(tags=["operations"])
"""Routes that need no token: they tell nothing personal."""
Sees = Annotated[Call, needs(Scope.RUNS_READ)]
Decides = Annotated[Write, needs_to_write(Scope.RUNS_DECIDE)]
_RECURSE = orjson.OPT_NON_STR_KEYS


@public.get("/healthz", response_model=Health, responses=refusals_at_the_door())
def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@public.get(
    "/readyz",
    response_model=Readiness,
    responses={
        **refusals_at_the_door(),
        503: {"model": Readiness, "description": "Something is missing; `missing` says what."},
    },
)
def readyz(request: Request) -> Response:
    """Say whether requests can be answered, and what is missing if not. `reads only`: a read replica answers look-ups
    while something is missing that writes need."""
    context: Context = request.app.state.context
    replica = replica_standing(context.service)
    checks = _WHILE_SILENT if replica and replica.silent else _CHECKS
    missing = {name: problem for name, check in checks.items() if (problem := _problem(check, context))}
    reads = bool(missing) and "keys" not in missing and _is_read(replica, context)
    status = "reads only" if reads else "missing" if missing else "ok"
    told = {"status": status, "missing": missing, **_told_of(replica)}
    return Reply(503 if status == "missing" else 200, told).response()


def _is_read(replica: Standing | None, context: Context) -> bool:
    """Say whether look-ups are answered by the replica: by asking it, because it may lack what the primary lacks."""
    if replica is None or replica.state is not ReplicaState.ANSWERS:
        return False
    return _problem(lambda _: context.service.near(lambda service: service.lookup([])), context) is None


def _told_of(replica: Standing | None) -> dict[str, Any]:
    if replica is None:
        return {}
    lag = round(replica.lag, 3) if isfinite(replica.lag) else None
    return {"replica": {"state": str(replica.state), "lag_seconds": lag}}


def _problem(check: Any, context: Context) -> str | None:
    try:
        check(context)
    except IdentityError as error:
        return str(error)
    except Exception as error:
        from api.problems import Problem

        return error.title if isinstance(error, Problem) else type(error).__name__
    return None


def _index(context: Context) -> None:
    from identity.flows.online.settle import refuse_another_index

    with context.service.store.look() as look:
        refuse_another_index(look, context.service.desk)


def _nothing_is_said() -> None:
    raise StoreError("E402", "The database says nothing.", "Look at its server, and the way there.")


_CHECKS = {
    "database": lambda context: context.service.store.check_current(),
    "index": _index,
    "model": lambda context: context.service.active_model(),
    "keys": lambda context: context.tokens._current(600.0),
}
_WHILE_SILENT = {"database": lambda _: _nothing_is_said(), "keys": _CHECKS["keys"]}
"""What is looked at while the primary lets everybody wait who asks it."""


@public.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={**refusals_at_the_door(), 200: {"content": {CONTENT_TYPE: {"schema": {"type": "string"}}}}},
)
def metrics(request: Request) -> Response:
    """Return counts in the text format of Prometheus."""
    context: Context = request.app.state.context
    return Response(context.metrics.text(), media_type=CONTENT_TYPE)


@router.get("/models", response_model=Models, responses=refusals())
def list_models(call: Sees) -> Response:
    """Return the models there are, and when each came into force."""
    return _answer(models.list_report(call.service))


@router.get("/runs", response_model=Runs, responses=refusals())
def list_runs(call: Sees, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Response:
    """Return the latest re-matches."""
    return _answer(night.runs_report(call.service, limit))


@router.get("/runs/{run_id}", response_model=RunDetails, responses=refusals(404))
def a_run(run_id: str, call: Sees, limit: Annotated[int, Query(ge=1, le=1_000)] = 20) -> Response:
    """Return a re-match, and the first of what it proposed."""
    return _answer(night.run_report(call.service, run_id, limit))


@router.post("/runs/{run_id}/approve", response_model=Run, responses=refusals(404, 409))
def approve(run_id: str, write: Decides) -> Response:
    """Carry out what a waiting re-match proposed; it may take a while."""
    call = write.call
    return write.once(lambda _: _reply(night.approve(call.service, run_id, call.caller.client, Stages())))


@router.post("/runs/{run_id}/reject", response_model=Run, responses=refusals(404, 409))
def reject(run_id: str, write: Decides) -> Response:
    """Let a waiting re-match go."""
    call = write.call
    return write.once(
        lambda _: _reply(night.decided(call.service, run_id, RunStatus.REJECTED, call.caller.client))
    )


def _answer(report: dict[str, Any]) -> Response:
    return Response(orjson.dumps(report, default=str, option=_RECURSE), media_type="application/json")


def _reply(report: dict[str, Any]) -> Reply:
    return Reply(200, orjson.loads(orjson.dumps(report, default=str, option=_RECURSE)))
