"""Who a source record is, and what has happened: for systems that follow."""

from __future__ import annotations

from typing import Annotated, Any

import anyio
import orjson
from fastapi import APIRouter, Query
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from api.answers import Events, Whereabouts
from api.calls import Call, needs
from api.refusals import refusals
from api.schemas import Moment
from api.scopes import Scope
from identity.commands.ask import event_report
from identity.flows.lookup import ByRecord
from identity.model.errors import LookupFailed
from identity.model.record import RecordKey

__all__ = ["router"]

router = APIRouter(tags=["crosswalk and events"])
_EVERY = 0.25
_MOST = 2**62


@router.get(
    "/crosswalk/{source}/{source_record_id:whole}", response_model=Whereabouts, responses=refusals(404)
)
def crosswalk(
    source: str,
    source_record_id: str,
    call: Annotated[Call, needs(Scope.CROSSWALK_READ)],
    as_of: Annotated[Moment | None, Query(description="Then instead of now.")] = None,
) -> Response:
    """Return the golden id that a source record is under."""
    asked = ByRecord(RecordKey(source, source_record_id), as_of)
    (answer,) = call.near(lambda service: service.lookup([asked]), lambda found: bool(found[0].golden_ids))
    if not answer.golden_ids:
        raise LookupFailed("E502", "No live record is known under this key.", "Tell it first.")
    if len(answer.golden_ids) > 1:  # an earlier master's id, whose records are several people's here
        raise LookupFailed(
            "E502", "Several people have the records of this id.", "Ask /v1/lookup, and choose."
        )
    told = {"source": source, "source_record_id": source_record_id, "golden_id": answer.golden_ids[0]}
    return Response(orjson.dumps(told), media_type="application/json")


@router.get("/events", response_model=Events, responses=refusals())
async def events(
    call: Annotated[Call, needs(Scope.EVENTS_READ)],
    after: Annotated[int, Query(ge=0, le=_MOST, description="The `next` of the page before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    wait: Annotated[float, Query(ge=0, le=30, description="Seconds to wait for the first.")] = 0,
) -> Response:
    """Return the events after a position, oldest first; with `wait`, hold the answer until there is one."""
    with anyio.move_on_after(wait):
        while wait and not await run_in_threadpool(call.service.store.views.events, after, 1):
            await anyio.sleep(_EVERY)
    told: dict[str, Any] = await run_in_threadpool(event_report, call.service, after, limit)
    found = told["events"]
    page = {**told, "next": found[-1]["position"] if found else after, "more": len(found) == limit}
    return Response(orjson.dumps(page), media_type="application/json")
