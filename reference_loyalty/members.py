"""Members as they are stored and shown, with their cards, vouchers and marks."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from reference_loyalty.database import Work, iso
from reference_loyalty.holds import holds_of
from reference_loyalty.ledger import balance, lots_of
from reference_loyalty.problems import Problem

__all__ = [
    "cards_of",
    "enrol",
    "member",
    "merged_from",
    "program_tiers",
    "survivor_of",
    "touch",
    "view",
    "vouchers_of",
]


def program_tiers(work: Work, program: str) -> list[tuple[str, int]]:
    """Return a programme's tiers, lowest first, and from how many points each is reached. UNKNOWN_PROGRAM."""
    row = work.row("select tiers from programs where program = ?", program)
    if row is None:
        raise Problem("UNKNOWN_PROGRAM", "The programme is not known here.")
    return [(name, points) for name, points in json.loads(row["tiers"])]


def member(work: Work, program: str, number: str) -> sqlite3.Row:
    """Return the row of a member itself, merged or not. UNKNOWN_MEMBER, DIFFERENT_PROGRAM."""
    row = work.row("select * from members where number = ?", number)
    if row is None:
        raise Problem("UNKNOWN_MEMBER", "The member is not known here.", members=[number])
    if row["program"] != program:
        raise Problem("DIFFERENT_PROGRAM", "The member is of another programme.", members=[number])
    return row


def survivor_of(work: Work, program: str, number: str) -> sqlite3.Row:
    """Return the row of the member that answers to a number: the one it was merged into, however often."""
    row = member(work, program, number)
    while row["merged_into"]:
        row = member(work, program, row["merged_into"])
    return row


def enrol(work: Work, program: str, number: str, told: dict[str, Any]) -> None:
    """Make a member. `told` has member_type, tier, enrolled_at, cards and person. ALREADY_EXISTS."""
    tiers = [name for name, _ in program_tiers(work, program)]
    tier = told.get("tier") or tiers[0]
    if tier not in tiers:
        raise Problem("INVALID_REQUEST", "The programme has no tier of this name.")
    enrolled_at = iso(told["enrolled_at"]) if told.get("enrolled_at") else work.at
    try:
        work.run(
            """insert into members (number, program, member_type, status, tier, enrolled_at, last_activity_at)
               values (?, ?, ?, 'ACTIVE', ?, ?, ?)""",
            *(number, program, told.get("member_type", "individual"), tier, enrolled_at, enrolled_at),
        )
        for card in told.get("cards", ()):
            work.run("insert into cards values (?, ?)", card, number)
        if told.get("person"):
            work.run("insert into people values (?, ?)", number, json.dumps(told["person"]))
    except sqlite3.IntegrityError:
        raise Problem("ALREADY_EXISTS", "The number or a card is taken.") from None


def touch(work: Work, number: str, *, active: bool = False) -> None:
    """Note that a member changed; `active`: by something the person did."""
    work.run("update members set version = version + 1 where number = ?", number)
    if active:
        work.run("update members set last_activity_at = ? where number = ?", work.at, number)


def view(work: Work, row: sqlite3.Row) -> dict[str, Any]:
    """Return a member as callers see it."""
    number, lots, holds = row["number"], lots_of(work, row["number"]), holds_of(work, row["number"])
    return {
        **{name: row[name] for name in ("number", "program", "member_type", "status", "tier")},
        "points": balance(lots),
        "lots": [{"lot": lot.lot, "points": lot.points, "expires_on": lot.expires_on} for lot in lots],
        "pending_points": sum(hold.points for hold in holds if hold.kind == "pending"),
        "open_redemptions": sum(hold.kind == "redemption" for hold in holds),
        "cards": cards_of(work, number),
        "vouchers": vouchers_of(work, number),
        "marks": _marks(work, number),
        "person": _person(work, number),
        "merged_from": merged_from(work, number),
        **{name: row[name] for name in ("enrolled_at", "last_activity_at", "merged_into", "version")},
    }


def cards_of(work: Work, number: str) -> list[str]:
    """Return the cards of a member."""
    return [row["card"] for row in work.rows("select card from cards where member = ? order by card", number)]


def vouchers_of(work: Work, number: str) -> list[str]:
    """Return the vouchers of a member."""
    found = work.rows("select voucher from vouchers where member = ? order by voucher", number)
    return [row["voucher"] for row in found]


def _marks(work: Work, number: str) -> dict[str, Any]:
    found = work.rows("select name, value from marks where member = ? order by name", number)
    return {row["name"]: json.loads(row["value"]) for row in found}


def _person(work: Work, number: str) -> dict[str, str] | None:
    row = work.row("select told from people where member = ?", number)
    return json.loads(row["told"]) if row else None


def merged_from(work: Work, number: str) -> list[str]:
    """Return the members that were merged into one, directly or by way of others."""
    found = work.rows(
        """with recursive gone (number) as (
             select number from members where merged_into = ?
             union all select members.number from members join gone on merged_into = gone.number)
           select number from gone order by number""",
        number,
    )
    return [row["number"] for row in found]
