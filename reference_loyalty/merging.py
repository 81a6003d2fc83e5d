"""merge: members become one. What they hold moves, what they were is kept, so that it can be taken back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from reference_loyalty import ledger, webhooks
from reference_loyalty.database import Work
from reference_loyalty.members import cards_of, merged_from, program_tiers, touch, vouchers_of
from reference_loyalty.options import Capabilities
from reference_loyalty.problems import Problem
from reference_loyalty.rules import MOVABLE, MergeWish, admitted

__all__ = ["TIER_POLICIES", "highest", "merge", "merge_row", "receipt_of"]


def merge(work: Work, wish: MergeWish, capabilities: Capabilities, *, new_number: bool) -> dict[str, Any]:
    """Merge members and return the receipt. With `new_number` a member with a new number survives, not the one asked
    for. Raises what `admitted` raises."""
    rows = admitted(work, wish, capabilities)
    merge_id = work.new_id("mrg")
    before = {number: _image(work, row) for number, row in rows.items()}
    survivor = _newborn(work, rows[wish.survivor]) if new_number else wish.survivor
    gone = [number for number in rows if number != survivor]
    moved = [each for number in gone for each in _hand_over(work, number, survivor, merge_id, wish)]
    for number in gone:
        work.run("update members set status = 'MERGED', merged_into = ? where number = ?", survivor, number)
        touch(work, number)
    told = list(rows.values()) if "history" in wish.move else [rows[wish.survivor]]
    after = {
        "tier": TIER_POLICIES[wish.tier_policy](work, survivor, rows),
        "enrolled_at": min(row["enrolled_at"] for row in told),
        "last_activity_at": max(row["last_activity_at"] for row in told),
    }
    work.run(
        "update members set tier = ?, enrolled_at = ?, last_activity_at = ? where number = ?",
        *after.values(),
        survivor,
    )
    touch(work, survivor)
    receipt = _receipt(work, wish, merge_id, survivor, before, after, moved)
    _keep(work, wish, receipt, {"members": before, "after": after})
    webhooks.announce(work, "member.merged", {**receipt, "program": wish.program})
    return receipt


def _image(work: Work, row: sqlite3.Row) -> dict[str, Any]:
    kept = {name: row[name] for name in ("status", "tier", "enrolled_at", "last_activity_at")}
    return {**kept, "cards": cards_of(work, row["number"]), "vouchers": vouchers_of(work, row["number"])}


def _newborn(work: Work, like: sqlite3.Row) -> str:
    number = work.new_id("M")
    work.run(
        """insert into members (number, program, member_type, status, tier, enrolled_at, last_activity_at)
           values (?, ?, ?, 'ACTIVE', ?, ?, ?)""",
        number,
        *(like[name] for name in ("program", "member_type", "tier", "enrolled_at", "last_activity_at")),
    )
    return number


def _hand_over(work: Work, number: str, to: str, merge_id: str, wish: MergeWish) -> list[ledger.Moved]:
    # Who was asked to survive and does not, as a new number takes the place, gives all there is.
    what: Collection[str] = MOVABLE if number == wish.survivor else wish.move
    for thing in ("cards", "vouchers"):
        if thing in what:
            work.run(f"update {thing} set member = ? where member = ?", to, number)
    lots = ledger.lots_of(work, number) if "points" in what else []
    return [ledger.move(work, lot.lot, lot.points, to, merge_id) for lot in lots]


def _kept_tier(_: Work, __: str, rows: Mapping[str, sqlite3.Row]) -> str:
    return str(next(iter(rows.values()))["tier"])


def _highest_tier(work: Work, _: str, rows: Mapping[str, sqlite3.Row]) -> str:
    row = next(iter(rows.values()))
    return highest(work, row["program"], [each["tier"] for each in rows.values()])


def _recomputed_tier(work: Work, survivor: str, rows: Mapping[str, sqlite3.Row]) -> str:
    """By all the points that those who are one now have ever earned."""
    people = [survivor, *merged_from(work, survivor)]
    earned = sum(
        work.value(
            """select coalesce(sum(points), 0) from lots join entries using (lot)
               where member = ? and kind = 'earn'""",
            number,
        )
        for number in people
    )
    tiers = program_tiers(work, next(iter(rows.values()))["program"])
    return [name for name, points in tiers if points <= earned][-1]


TIER_POLICIES = {"keep_survivor": _kept_tier, "highest": _highest_tier, "recompute": _recomputed_tier}


def highest(work: Work, program: str, tiers: Iterable[str]) -> str:
    """Return the highest of some tiers of a programme."""
    ranks = {name: rank for rank, (name, _) in enumerate(program_tiers(work, program))}
    return max(tiers, key=lambda tier: ranks.get(tier, -1))


def _receipt(
    work: Work,
    wish: MergeWish,
    merge_id: str,
    survivor: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    moved: Sequence[ledger.Moved],
) -> dict[str, Any]:
    sources = [before[number] for number in wish.sources]
    moves = {name: name in wish.move for name in MOVABLE}
    left = [number for number in wish.sources if ledger.lots_of(work, number)]
    return {
        "merge_id": merge_id,
        "status": "DONE",
        "survivor": survivor,
        "sources": list(wish.sources),
        "reason": wish.reason,
        "golden_id": wish.golden_id,
        "ledger_entries": [entry for each in moved for entry in each.entries],
        "points_moved": sum(each.points for each in moved),
        "tier_before": before[wish.survivor]["tier"],
        "tier_after": after["tier"],
        "cards_moved": sorted(card for one in sources for card in one["cards"]) if moves["cards"] else [],
        "vouchers_moved": sorted(v for one in sources for v in one["vouchers"]) if moves["vouchers"] else [],
        "warnings": [f"POINTS_LEFT:{number}" for number in left]
        + (["NEW_SURVIVOR"] if survivor != wish.survivor else []),
        "made_at": work.at,
        "reversed_at": None,
    }


def _keep(work: Work, wish: MergeWish, receipt: Mapping[str, Any], images: Mapping[str, Any]) -> None:
    work.run(
        "insert into merges values (?, ?, ?, ?, ?, ?, ?, 'DONE')",
        *(receipt["merge_id"], wish.program, wish.survivor, receipt["survivor"], wish.tier_policy),
        *(json.dumps(images), json.dumps(receipt)),
    )


def merge_row(work: Work, program: str, merge_id: str) -> sqlite3.Row:
    """Return the row of a merge. UNKNOWN_MERGE."""
    row = work.row("select * from merges where merge_id = ? and program = ?", merge_id, program)
    if row is None:
        raise Problem("UNKNOWN_MERGE", "The merge is not known here.")
    return row


def receipt_of(row: sqlite3.Row) -> dict[str, Any]:
    """Return the receipt of a merge as it stands now."""
    receipt: dict[str, Any] = json.loads(row["receipt"])
    return receipt
