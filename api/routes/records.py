"""Source records, told one by one or in batches, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response

from api.answers import ResolvedBatch
from api.calls import Reply, Write, needs_to_write
from api.refusals import refusals
from api.schemas import RecordBatch, RecordBody, RecordIn, Resolved
from api.scopes import Scope
from identity.bootstrap import Service, SystemClock
from identity.connectors.told import arrival_of, deletion_of
from identity.flows.ingest import Ingested, Outcome
from identity.model.record import RecordKey
from identity.ports import Arrival

__all__ = ["router"]

router = APIRouter(tags=["records"])
Writes = Annotated[Write, needs_to_write(Scope.RECORDS_WRITE)]


@router.post("/records", response_model=Resolved, responses=refusals(409))
def tell_a_record(record: RecordIn, write: Writes) -> Response:
    """Store and resolve one record; the answer says whose it is."""
    arrival = _arrival(write.call.service, RecordKey(record.source, record.source_record_id), record)
    return write.once(lambda _: _one(write, arrival))


@router.post("/records:batch", response_model=ResolvedBatch, responses=refusals(409))
def tell_records(batch: RecordBatch, write: Writes) -> Response:
    """Store and resolve up to 1,000 records, in their order. A bad one stops no other."""
    service = write.call.service
    arrivals = [
        _arrival(service, RecordKey(record.source, record.source_record_id), record)
        for record in batch.records
    ]
    return write.once(lambda _: Reply(200, {"results": _ingested(write, arrivals)}))


@router.put("/records/{source}/{source_record_id:whole}", response_model=Resolved, responses=refusals(409))
def put_a_record(source: str, source_record_id: str, record: RecordBody, write: Writes) -> Response:
    """Store and resolve a record under its name."""
    arrival = _arrival(write.call.service, RecordKey(source, source_record_id), record)
    return write.once(lambda _: _one(write, arrival))


@router.delete(
    "/records/{source}/{source_record_id:whole}", response_model=Resolved, responses=refusals(404, 409)
)
def delete_a_record(source: str, source_record_id: str, write: Writes) -> Response:
    """Take a record back: its profile goes by the others. Taking it back twice is no error."""
    service = write.call.service
    arrival = deletion_of(RecordKey(source, source_record_id), _mode(service, source), SystemClock().now())
    return write.once(lambda _: _one(write, arrival))


def _arrival(service: Service, key: RecordKey, told: RecordBody) -> Arrival:
    consents = {
        name: {"status": said.status}
        | ({"captured_at": said.captured_at.isoformat()} if said.captured_at else {})
        for name, said in told.consents.items()
    }
    return arrival_of(key, told.attributes(), told.observed_at, consents, _mode(service, key.source))


def _mode(service: Service, source: str) -> str:
    policy = service.sources.get(source)
    return str(policy.mode) if policy else "live"


def _one(write: Write, arrival: Arrival) -> Reply:
    (told,) = write.call.service.ingest([arrival], write.call.correlation_id)
    if told.problem:
        raise told.problem
    return Reply(200, _resolved(told))


def _ingested(write: Write, arrivals: Sequence[Arrival]) -> list[dict[str, Any]]:
    return [_resolved(told) for told in write.call.service.ingest(arrivals, write.call.correlation_id)]


def _resolved(told: Ingested) -> dict[str, Any]:
    problem = told.problem
    return {
        "source": told.key.source,
        "source_record_id": told.key.source_record_id,
        "outcome": told.outcome.value,
        "golden_id": told.golden_id,
        "decision": told.judgement.value.lower(),
        "match_weight": told.match_weight,
        "operation_id": told.change_id if told.outcome is not Outcome.UNCHANGED else None,
        "problem": {"code": problem.code, "title": problem.message, "detail": problem.remedy}
        if problem
        else None,
    }
