"""Points and cards from one member to another, for platforms that do not merge members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reference_loyalty import ledger
from reference_loyalty.database import Work
from reference_loyalty.holds import free_points
from reference_loyalty.members import member, touch
from reference_loyalty.problems import Problem
from reference_loyalty.rules import check_active, check_idle

__all__ = ["reassign", "transfer", "transfers_of"]

Portion = tuple[int, int]
"""A lot, and how many points of it."""


def transfer(
    work: Work,
    program: str,
    sender: str,
    receiver: str,
    *,
    points: int | None = None,
    lots: Sequence[Portion] | None = None,
    reference: str = "",
) -> dict[str, Any]:
    """Hand points over: those of certain `lots`, so many `points` (the first to expire first), else all there are.

    UNKNOWN_MEMBER, DIFFERENT_PROGRAM, SAME_MEMBER, ALREADY_MERGED, MEMBER_BLOCKED, NOT_ENOUGH_POINTS; POINTS_SPENT when
    certain lots hold less; PENDING_ACTIVITY when a redemption or pending points stand in the way.
    """
    if sender == receiver:
        raise Problem("SAME_MEMBER", "A transfer takes two members.")
    check_active([member(work, program, number) for number in (sender, receiver)])
    portions = _certain(work, sender, lots) if lots is not None else _any(work, sender, points)
    made = work.new_id("trf")
    for lot, part in portions:
        ledger.move(work, lot, part, receiver, made)
    if free_points(work, sender) < 0:
        raise Problem("PENDING_ACTIVITY", "An open redemption needs the points.", members=[sender])
    work.run(
        "insert into transfers values (?, ?, ?, ?, ?, ?)", made, program, sender, receiver, reference, work.at
    )
    touch(work, sender)
    touch(work, receiver)
    return _shown(work, made)


def _any(work: Work, sender: str, points: int | None) -> list[Portion]:
    lots = ledger.lots_of(work, sender)
    if points is not None:
        return ledger.portions(lots, points)
    check_idle(work, [sender])
    return [(lot.lot, lot.points) for lot in lots]


def _certain(work: Work, sender: str, portions: Sequence[Portion]) -> list[Portion]:
    """Return the portions if they are there. An expired lot is: its points are the same on either side."""
    missing = 0
    wanted: dict[int, int] = {}
    for lot, points in portions:
        wanted[lot] = wanted.get(lot, 0) + points
    for lot, points in wanted.items():
        left = work.value(
            "select coalesce(sum(points), 0) from lots join entries using (lot) where lot = ? and member = ?",
            lot,
            sender,
        )
        missing += max(0, points - left)
    if missing:
        raise Problem("POINTS_SPENT", f"{missing} points of these lots are spent.", shortfall=missing)
    return list(wanted.items())


def transfers_of(work: Work, program: str, reference: str) -> list[dict[str, Any]]:
    """Return the transfers that bear a reference, in order."""
    found = work.rows(
        "select transfer from transfers where program = ? and reference = ? order by rowid",
        program,
        reference,
    )
    return [_shown(work, row["transfer"]) for row in found]


def _shown(work: Work, transfer_id: str) -> dict[str, Any]:
    row = work.row("select * from transfers where transfer = ?", transfer_id)
    assert row is not None
    moved = ledger.moved_by(work, transfer_id)
    return {
        "transfer_id": transfer_id,
        "from": row["sender"],
        "to": row["receiver"],
        "reference": row["reference"],
        "points": sum(each.points for each in moved),
        "lots": [
            {
                "from_lot": each.from_lot,
                "to_lot": each.to_lot,
                "points": each.points,
                "expires_on": each.expires_on,
            }
            for each in moved
        ],
        "ledger_entries": [entry for each in moved for entry in each.entries],
        "made_at": row["made_at"],
    }


def reassign(work: Work, program: str, card: str, receiver: str) -> dict[str, Any]:
    """Give a card to another member.

    UNKNOWN_CARD, UNKNOWN_MEMBER, DIFFERENT_PROGRAM, ALREADY_MERGED, MEMBER_BLOCKED.
    """
    row = work.row("select member from cards where card = ?", card)
    if row is None:
        raise Problem("UNKNOWN_CARD", "The card is not known here.")
    check_active([member(work, program, number) for number in (row["member"], receiver)])
    if row["member"] != receiver:
        work.run("update cards set member = ? where card = ?", receiver, card)
        touch(work, row["member"])
        touch(work, receiver)
    return {"card": card, "from": row["member"], "to": receiver}
