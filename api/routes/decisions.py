"""What people decide about profiles: shown first, taken once, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header
from fastapi.responses import Response

from api.answers import MergePreview, Operations, Propagation
from api.calls import Call, Reply, Write, needs, needs_to_write
from api.problems import Problem
from api.refusals import refusals
from api.schemas import Decision, Judged, Merge, Reason, Split
from api.scopes import Scope
from identity.commands.find import side
from identity.commands.following import propagation_report
from identity.commands.judge import operations_report
from identity.flows.explain import Side
from identity.flows.judge import Preview, Wish
from identity.model.cluster import GoldenId
from identity.model.errors import DecisionRefused, LookupFailed
from identity.model.operation import Operation
from identity.model.record import RecordKey

__all__ = ["router"]

router = APIRouter(tags=["decisions"])
Writes = Annotated[Write, needs_to_write(Scope.DECISIONS_WRITE)]
Explains = Annotated[Call, needs(Scope.EXPLAIN)]
IfMatch = Annotated[
    str | None, Header(pattern='^"[0-9]{1,9}"$', description="The ETag of the profile that was seen.")
]


@router.post("/merges", response_model=Decision, responses=refusals(404, 409))
def merge(wanted: Merge, write: Writes) -> Response:
    """Make one profile of several. What contradicts earlier decisions is refused."""
    ids, into = [GoldenId(each) for each in wanted.profile_ids], wanted.into

    def carry_out(operation_id: str) -> Reply:
        wish = _wish(write.call, wanted.reason, wanted.expected_versions, operation_id)
        decided = write.call.service.decisions.merge(ids, wish, GoldenId(into) if into else None)
        return _told(decided.operation)

    return write.once(carry_out, lambda operation_id: _done(write.call, operation_id))


@router.post("/merges:preview", response_model=MergePreview, responses=refusals(404, 409))
def preview_a_merge(wanted: Merge, call: Annotated[Call, needs(Scope.DECISIONS_WRITE)]) -> Response:
    """Return what a merge would lead to, or what stands against it. Nothing is written."""
    ids, into = [GoldenId(each) for each in wanted.profile_ids], wanted.into
    wish = _wish(call, wanted.reason, wanted.expected_versions)
    preview = call.service.decisions.preview_merge(ids, wish, GoldenId(into) if into else None)
    return Response(orjson.dumps(_previewed(preview)), media_type="application/json")


@router.get("/merges/{operation_id}/propagation", response_model=Propagation, responses=refusals(404))
def propagation(operation_id: str, call: Explains) -> Response:
    """Return how far a decision has come in the systems that follow: any decision, not only a merge.

    For a merge by the machine, name the id that it merged away.
    """
    report = propagation_report(call.service, operation_id)
    return Response(orjson.dumps(report), media_type="application/json")


@router.post("/merges/{operation_id}/undo", response_model=Decision, responses=refusals(404, 409))
def undo(operation_id: str, write: Writes, wanted: Reason | None = None) -> Response:
    """Take a decision back: the profiles are again as they were; what came since follows its record.

    For a merge by the machine, name the id that it merged away.
    """

    def carry_out(own_id: str) -> Reply:
        wish = _wish(write.call, wanted.reason if wanted else "", {}, own_id)
        return _told(write.call.service.decisions.undo(operation_id, wish).operation)

    return write.once(carry_out, lambda own_id: _done(write.call, own_id))


@router.post("/profiles/{golden_id}/split", response_model=Decision, responses=refusals(404, 409, 412))
def split(golden_id: str, wanted: Split, write: Writes, if_match: IfMatch = None) -> Response:
    """Make another profile of some records of this one, never to be put together again."""
    keys = [RecordKey(each.source, each.source_record_id) for each in wanted.records]
    seen = {golden_id: int(if_match.strip('"'))} if if_match else {}

    def carry_out(operation_id: str) -> Reply:
        wish = _wish(write.call, wanted.reason, {**wanted.expected_versions, **seen}, operation_id)
        try:
            return _told(write.call.service.decisions.split(GoldenId(golden_id), keys, wish).operation)
        except DecisionRefused as refusal:
            if if_match and refusal.code == "STALE_VERSION":
                raise Problem(412, refusal.code, refusal.message, refusal.remedy) from None
            raise

    return write.once(carry_out, lambda operation_id: _done(write.call, operation_id))


@router.post("/judgements", response_model=Decision, responses=refusals(404, 409))
def judge(wanted: Judged, write: Writes) -> Response:
    """Keep two records, or everybody in two profiles, apart; or keep two records together."""
    one, other = _side(wanted.one), _side(wanted.other)

    def carry_out(operation_id: str) -> Reply:
        decisions = write.call.service.decisions
        wish = _wish(write.call, wanted.reason, wanted.expected_versions, operation_id)
        if wanted.judgement == "keep_apart":
            return _told(decisions.keep_apart(one, other, wish).operation)
        return _told(decisions.keep_together(_record(one), _record(other), wish).operation)

    return write.once(carry_out, lambda operation_id: _done(write.call, operation_id))


@router.get("/operations", response_model=Operations, responses=refusals())
def operations(call: Explains) -> Response:
    """Return what people decided, newest first."""
    return Response(orjson.dumps(operations_report(call.service, 100)), media_type="application/json")


@router.get("/operations/{operation_id}", response_model=Decision, responses=refusals(404))
def operation(operation_id: str, call: Explains) -> Response:
    """Return what a decision did."""
    reply = _done(call, operation_id)
    if reply is None:
        raise LookupFailed("E504", "No operation is known by this.", "GET /v1/operations lists them.")
    return reply.response()


def _wish(call: Call, reason: str, versions: Mapping[str, int], operation_id: str | None = None) -> Wish:
    expected = {GoldenId(golden_id): version for golden_id, version in versions.items()}
    return Wish(call.caller.client, reason, call.correlation_id, expected, operation_id)


def _side(text: str) -> Side:
    try:
        return side(text)
    except ValueError:
        raise Problem(
            422, "INVALID_REQUEST", "That is no record.", "Write it as source:source_record_id."
        ) from None


def _record(one: Side) -> RecordKey:
    if isinstance(one, RecordKey):
        return one
    raise Problem(422, "INVALID_REQUEST", "Only records can be kept together.", "Merge the profiles instead.")


def _done(call: Call, operation_id: str) -> Reply | None:
    found = call.service.store.views.operation(operation_id)
    return None if found is None else _told(found)


def _told(operation: Operation) -> Reply:
    """Return what an operation did: opaque ids only, so that the answer may be kept for who asks again."""
    live = [image.golden_id for image in operation.after if image.status == "live"]
    return Reply(
        200,
        {
            "operation_id": operation.operation_id,
            "kind": operation.kind.value,
            "status": operation.status.value,
            "golden_id": live[0] if len(live) == 1 else None,
            "golden_ids": live,
            "redirects": [
                {"retired": retired, "survivor": survivor} for retired, survivor in operation.redirects()
            ],
            "profiles": [
                {
                    "golden_id": image.golden_id,
                    "version": image.version,
                    "status": image.status,
                    "records": [str(key) for key in image.records],
                }
                for image in operation.after
            ],
            "at": operation.at.isoformat(),
        },
    )


def _previewed(preview: Preview) -> dict[str, Any]:
    decided = preview.decided
    return {
        "mergeable": decided is not None,
        "blockers": [asdict(blocker) for blocker in preview.blockers],
        "profiles": _told(decided.operation).content["profiles"] if decided else [],
        "redirects": [asdict(redirect) for redirect in decided.redirects] if decided else [],
        "accounts": {source: list(ids) for source, ids in preview.accounts.items()},
    }
