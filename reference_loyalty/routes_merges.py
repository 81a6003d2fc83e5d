"""Merges, transfers and cards that change hands over HTTP; and the switches for faults."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from reference_loyalty import bodies, transfers
from reference_loyalty.faults import Fault
from reference_loyalty.merging import merge, merge_row, receipt_of
from reference_loyalty.platform import Here
from reference_loyalty.problems import Problem
from reference_loyalty.rules import MOVABLE, MergeWish
from reference_loyalty.unmerging import unmerge

__all__ = ["admin", "router"]

router = APIRouter(prefix="/v1/programs/{program}")
admin = APIRouter(prefix="/admin")


@router.post("/member-merges")
def merge_members(desk: Here, program: str, body: bodies.MergeRequest) -> dict[str, Any]:
    wish = MergeWish(
        program,
        body.survivor,
        tuple(body.sources),
        body.reason,
        body.golden_id,
        body.tier_policy,
        frozenset(name for name in MOVABLE if getattr(body.move, name)),
        body.expected_versions,
    )
    able, new_number = desk.platform.options.capabilities, desk.gives_new_numbers
    return desk.change(lambda work: merge(work, wish, able, new_number=new_number), body, keyed=True)


@router.get("/member-merges/{merge_id}")
def show_merge(desk: Here, program: str, merge_id: str) -> dict[str, Any]:
    return desk.look(lambda work: receipt_of(merge_row(work, program, merge_id)))


@router.post("/member-merges/{merge_id}/unmerge")
def unmerge_members(desk: Here, program: str, merge_id: str) -> dict[str, Any]:
    able = desk.platform.options.capabilities
    return desk.change(lambda work: unmerge(work, program, merge_id, able), keyed=True)


@router.post("/transfers")
def transfer_points(desk: Here, program: str, body: bodies.Transfer) -> dict[str, Any]:
    if not desk.platform.options.capabilities.transfer_points:
        raise Problem("NOT_SUPPORTED", "Points cannot be transferred here.")
    lots = None if body.lots is None else [(part.lot, part.points) for part in body.lots]
    return desk.change(
        lambda work: transfers.transfer(
            work, program, body.sender, body.receiver, points=body.points, lots=lots, reference=body.reference
        ),
        body,
        keyed=True,
    )


@router.get("/transfers")
def list_transfers(desk: Here, program: str, reference: str) -> dict[str, Any]:
    return desk.look(lambda work: {"transfers": transfers.transfers_of(work, program, reference)})


@router.post("/cards/{card}/reassign")
def reassign_card(desk: Here, program: str, card: str, body: bodies.CardMove) -> dict[str, Any]:
    if not desk.platform.options.capabilities.reassign_card:
        raise Problem("NOT_SUPPORTED", "Cards cannot be reassigned here.")
    return desk.change(lambda work: transfers.reassign(work, program, card, body.to), body, keyed=True)


@admin.put("/faults")
def switch_on(request: Request, body: bodies.FaultSwitch) -> dict[str, Any]:
    told = body.model_dump()
    request.app.state.faults.switch_on(Fault(told.pop("fault"), **told))
    return body.model_dump()


@admin.delete("/faults")
def clear(request: Request) -> dict[str, Any]:
    request.app.state.faults.clear()
    return {}
