"""Programmes, members, cards and points over HTTP."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from reference_loyalty import bodies, holds, ledger
from reference_loyalty.anonymising import ANONYMISED, anonymise
from reference_loyalty.database import Work
from reference_loyalty.members import enrol, member, program_tiers, survivor_of, touch, view
from reference_loyalty.platform import Here
from reference_loyalty.problems import Problem
from reference_loyalty.rules import check_active

__all__ = ["router"]

router = APIRouter(prefix="/v1")
_MEMBER = "/programs/{program}/members/{number}"


@router.get("/capabilities")
def capabilities(desk: Here) -> dict[str, Any]:
    return asdict(desk.platform.options.capabilities)


@router.post("/programs", status_code=201)
def open_program(desk: Here, body: bodies.Program) -> dict[str, Any]:
    tiers = [(tier.name, tier.from_points) for tier in body.tiers]
    if tiers[0][1] != 0 or tiers != sorted(tiers, key=lambda tier: tier[1]):
        raise Problem("INVALID_REQUEST", "Tiers rise, the first from 0 points.")

    def act(work: Work) -> dict[str, Any]:
        try:
            work.run("insert into programs values (?, ?, ?)", body.program, body.name, json.dumps(tiers))
        except sqlite3.IntegrityError:
            raise Problem("ALREADY_EXISTS", "There is a programme of this name.") from None
        return body.model_dump()

    return desk.change(act, body)


@router.post("/programs/{program}/members", status_code=201)
def enrol_member(desk: Here, program: str, body: bodies.Enrolment) -> dict[str, Any]:
    def act(work: Work) -> dict[str, Any]:
        enrol(work, program, body.number, body.model_dump())
        return view(work, member(work, program, body.number))

    return desk.change(act, body)


@router.get("/programs/{program}/members")
def list_members(
    desk: Here, program: str, after: str = "", limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> dict[str, Any]:
    """A page of members themselves, merged ones too, by number; `next_after` leads to the page that follows."""

    def look(work: Work) -> dict[str, Any]:
        program_tiers(work, program)
        rows = work.rows(
            "select * from members where program = ? and number > ? order by number limit ?",
            program,
            after,
            limit + 1,
        )
        shown = [view(work, row) for row in rows[:limit]]
        return {"members": shown, "next_after": shown[-1]["number"] if len(rows) > limit else None}

    return desk.look(look)


@router.get(_MEMBER)
def show_member(desk: Here, program: str, number: str) -> dict[str, Any]:
    """The member that answers to a number: of one that was merged away, the survivor."""
    return desk.look(lambda work: view(work, survivor_of(work, program, number)))


@router.get("/programs/{program}/cards/{card}")
def show_card(desk: Here, program: str, card: str) -> dict[str, Any]:
    """The member that a card belongs to now, however old the card."""

    def look(work: Work) -> dict[str, Any]:
        row = work.row("select member from cards where card = ?", card)
        if row is None:
            raise Problem("UNKNOWN_CARD", "The card is not known here.")
        return view(work, survivor_of(work, program, row["member"]))

    return desk.look(look)


@router.get(_MEMBER + "/ledger")
def show_ledger(desk: Here, program: str, number: str) -> dict[str, Any]:
    """The entries of a member itself, in order."""

    def look(work: Work) -> dict[str, Any]:
        member(work, program, number)
        found = work.rows(
            """select entry, lot, kind, points, expires_on, operation, pair, made_at
               from entries join lots using (lot) where member = ? order by entry""",
            number,
        )
        return {"entries": [dict(row) for row in found]}

    return desk.look(look)


@router.patch(_MEMBER)
def set_standing(desk: Here, program: str, number: str, body: bodies.Standing) -> dict[str, Any]:
    """Block or unblock a member, or set its tier."""

    def act(work: Work) -> dict[str, Any]:
        row = member(work, program, number)
        if row["status"] in ("MERGED", ANONYMISED):
            check_active([row])
        if body.tier and body.tier not in dict(program_tiers(work, program)):
            raise Problem("INVALID_REQUEST", "The programme has no tier of this name.")
        work.run(
            "update members set status = coalesce(?, status), tier = coalesce(?, tier) where number = ?",
            body.status,
            body.tier,
            number,
        )
        touch(work, number)
        return view(work, member(work, program, number))

    return desk.change(act, body)


@router.post(_MEMBER + "/anonymise")
def anonymise_member(desk: Here, program: str, number: str) -> dict[str, Any]:
    """Forget whom a number belongs to. Its ledger stays, and nobody earns or spends on it any more."""

    def act(work: Work) -> dict[str, Any]:
        owner = anonymise(work, program, number)
        return view(work, member(work, program, owner))

    return desk.change(act)


@router.post(_MEMBER + "/earn")
def earn(desk: Here, program: str, number: str, body: bodies.Earning) -> dict[str, Any]:
    """Give points, or with `pending` announce them. The number may be an old one."""
    expires_on = body.expires_on.isoformat() if body.expires_on else None

    def act(work: Work) -> dict[str, Any]:
        owner = _active(work, program, number)
        reply: dict[str, Any] = {"number": owner}
        if body.pending:
            reply["hold"] = holds.hold(work, owner, "pending", body.points, expires_on)
        else:
            operation = work.new_id("ern")
            reply["ledger_entries"] = [ledger.earn(work, owner, body.points, expires_on, operation)]
        touch(work, owner, active=True)
        return reply

    return desk.change(act, body)


@router.post(_MEMBER + "/redeem")
def redeem(desk: Here, program: str, number: str, body: bodies.Redemption) -> dict[str, Any]:
    """Spend points, or with `open` set them aside. The number may be an old one."""

    def act(work: Work) -> dict[str, Any]:
        owner = _active(work, program, number)
        held = holds.hold(work, owner, "redemption", body.points)
        touch(work, owner, active=True)
        if body.open:
            return {"number": owner, "hold": held}
        return {"number": owner, "ledger_entries": holds.settle(work, owner, held, keep=True)}

    return desk.change(act, body)


@router.post(_MEMBER + "/holds/{hold}/{end}")
def end_hold(desk: Here, program: str, number: str, hold: str, end: str) -> dict[str, Any]:
    """`settle` pending points or an open redemption, or `cancel` them."""
    if end not in ("settle", "cancel"):
        raise Problem("NOT_FOUND", "A hold is settled or cancelled.")

    def act(work: Work) -> dict[str, Any]:
        row = survivor_of(work, program, number)
        if row["status"] != ANONYMISED:  # what was under way comes to its end
            check_active([row])
        owner = str(row["number"])
        entries = holds.settle(work, owner, hold, keep=end == "settle")
        touch(work, owner, active=True)
        return {"number": owner, "ledger_entries": entries}

    return desk.change(act)


@router.post(_MEMBER + "/vouchers", status_code=201)
def give_voucher(desk: Here, program: str, number: str, body: bodies.Voucher) -> dict[str, Any]:
    def act(work: Work) -> dict[str, Any]:
        owner = _active(work, program, number)
        try:
            work.run("insert into vouchers values (?, ?)", body.voucher, owner)
        except sqlite3.IntegrityError:
            raise Problem("ALREADY_EXISTS", "The voucher is somebody's already.") from None
        touch(work, owner)
        return {"number": owner, "voucher": body.voucher}

    return desk.change(act, body)


@router.put(_MEMBER + "/marks/{name}")
def set_mark(desk: Here, program: str, number: str, name: bodies.Name, body: bodies.Mark) -> dict[str, Any]:
    """Note something about a member itself. Returns the value in force."""

    def act(work: Work) -> dict[str, Any]:
        member(work, program, number)
        clash = "nothing" if body.only_if_absent else "update set value = excluded.value"
        work.run(
            f"insert into marks values (?, ?, ?) on conflict do {clash}", number, name, json.dumps(body.value)
        )
        kept = work.value("select value from marks where member = ? and name = ?", number, name)
        return {"name": name, "value": json.loads(kept)}

    return desk.change(act, body)


@router.delete(_MEMBER + "/marks/{name}")
def drop_mark(desk: Here, program: str, number: str, name: str) -> dict[str, Any]:
    def act(work: Work) -> dict[str, Any]:
        member(work, program, number)
        work.run("delete from marks where member = ? and name = ?", number, name)
        return {"name": name, "value": None}

    return desk.change(act)


def _active(work: Work, program: str, number: str) -> str:
    row = survivor_of(work, program, number)
    check_active([row])
    return str(row["number"])
