"""Holds: points that are not there yet (pending), and points that somebody is about to spend (a redemption)."""

from __future__ import annotations

from dataclasses import dataclass

from reference_loyalty import ledger
from reference_loyalty.database import Work
from reference_loyalty.problems import Problem

__all__ = ["Hold", "free_points", "hold", "holds_of", "settle"]


@dataclass(frozen=True, slots=True)
class Hold:
    """An open hold of a member."""

    hold: str
    kind: str
    points: int


def holds_of(work: Work, number: str) -> list[Hold]:
    """Return a member's open holds."""
    found = work.rows(
        "select hold, kind, points from holds where member = ? and status = 'open' order by rowid", number
    )
    return [Hold(*row) for row in found]


def free_points(work: Work, number: str) -> int:
    """Return the points a member can spend: those no open redemption has set aside."""
    held = sum(hold.points for hold in holds_of(work, number) if hold.kind == "redemption")
    return ledger.balance(ledger.lots_of(work, number)) - held


def hold(work: Work, number: str, kind: str, points: int, expires_on: str | None = None) -> str:
    """Open a hold. Return its id. NOT_ENOUGH_POINTS for a redemption of more than there is."""
    if kind == "redemption" and (missing := points - free_points(work, number)) > 0:
        raise Problem("NOT_ENOUGH_POINTS", f"{missing} points are missing.", shortfall=missing)
    opened = work.new_id("hld")
    work.run("insert into holds values (?, ?, ?, ?, ?, 'open')", opened, number, kind, points, expires_on)
    return opened


def settle(work: Work, number: str, opened: str, *, keep: bool) -> list[int]:
    """Close a hold: with `keep` its points are earned or spent. Return the entries. UNKNOWN_HOLD."""
    row = work.row("select * from holds where hold = ? and member = ? and status = 'open'", opened, number)
    if row is None:
        raise Problem("UNKNOWN_HOLD", "Nothing of this id is open.")
    work.run("update holds set status = ? where hold = ?", "settled" if keep else "cancelled", opened)
    if not keep:
        return []
    if row["kind"] == "redemption":
        return ledger.redeem(work, number, row["points"], opened)
    return [ledger.earn(work, number, row["points"], row["expires_on"], opened)]
