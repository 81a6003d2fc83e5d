"""unmerge: a merge is taken back, as long as the points it brought are still there."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from reference_loyalty import ledger, webhooks
from reference_loyalty.database import Work
from reference_loyalty.holds import free_points, holds_of
from reference_loyalty.members import member, touch
from reference_loyalty.merging import highest, merge_row, receipt_of
from reference_loyalty.options import Capabilities
from reference_loyalty.problems import Problem

__all__ = ["unmerge"]


def unmerge(work: Work, program: str, merge_id: str, capabilities: Capabilities) -> dict[str, Any]:
    """Take a merge back and return its receipt: members, points, cards, vouchers and tier are as before; what came
    since stays with the survivor.

    NOT_SUPPORTED, UNKNOWN_MERGE, ALREADY_REVERSED, MERGE_SUPERSEDED, PENDING_ACTIVITY, and POINTS_SPENT with the
    `shortfall`.
    """
    row = _reversible(work, program, merge_id, capabilities)
    images = json.loads(row["before"])
    returned = _return_points(work, row, merge_id)
    warnings = _return_things(work, row["survivor"], images["members"])
    for number in images["members"]:
        if number != row["survivor"]:
            _revive(work, number, images["members"][number])
    warnings += _restore(work, row, images)
    if row["survivor"] != row["asked"]:
        returned += _dissolve(work, row, merge_id)
    touch(work, row["survivor"])
    receipt = {
        **receipt_of(row),
        "status": "REVERSED",
        "ledger_entries": [entry for each in returned for entry in each.entries],
        "warnings": warnings,
        "reversed_at": work.at,
    }
    work.run(
        "update merges set status = 'REVERSED', receipt = ? where merge_id = ?", json.dumps(receipt), merge_id
    )
    webhooks.announce(work, "member.unmerged", {**receipt, "program": program})
    return receipt


def _reversible(work: Work, program: str, merge_id: str, capabilities: Capabilities) -> sqlite3.Row:
    if not capabilities.unmerge:
        raise Problem("NOT_SUPPORTED", "Merges cannot be taken back here.")
    row = merge_row(work, program, merge_id)
    if row["status"] == "REVERSED":
        raise Problem("ALREADY_REVERSED", "The merge was taken back before.")
    if member(work, program, row["survivor"])["status"] == "ANONYMISED":
        raise Problem("MEMBER_ANONYMISED", "Nobody knows whose it was.", members=[row["survivor"]])
    if member(work, program, row["survivor"])["status"] == "MERGED":
        raise Problem("MERGE_SUPERSEDED", "Take the later merge of its survivor back first.")
    if row["survivor"] != row["asked"] and holds_of(work, row["survivor"]):
        raise Problem("PENDING_ACTIVITY", "Wait until nothing is pending or open.", members=[row["survivor"]])
    return row


def _return_points(work: Work, row: sqlite3.Row, merge_id: str) -> list[ledger.Moved]:
    moved = ledger.moved_by(work, merge_id)
    own = {lot["lot"] for lot in work.rows("select lot from lots where member = ?", row["asked"])}
    # What the survivor asked for had of its own it may spend; the points of the others have to be there.
    if missing := ledger.shortfall(work, [each for each in moved if each.from_lot not in own]):
        raise Problem(
            "POINTS_SPENT", f"{missing} of the points that were moved are spent.", shortfall=missing
        )
    returned = ledger.give_back(work, moved, f"{merge_id}.unmerge")
    if free_points(work, row["survivor"]) < 0:
        raise Problem("PENDING_ACTIVITY", "An open redemption needs the points.", members=[row["survivor"]])
    return returned


def _return_things(work: Work, survivor: str, members: Mapping[str, Any]) -> list[str]:
    warnings = []
    for table, column in (("cards", "card"), ("vouchers", "voucher")):
        for number, image in members.items():
            for thing in image[table]:
                there = work.value(f"select member from {table} where {column} = ?", thing)
                if there == survivor:
                    work.run(f"update {table} set member = ? where {column} = ?", number, thing)
                elif there != number:
                    warnings.append(f"{column.upper()}_MOVED_SINCE:{thing}")
    return warnings


def _revive(work: Work, number: str, image: Mapping[str, Any]) -> None:
    work.run("update members set status = ?, merged_into = null where number = ?", image["status"], number)
    touch(work, number)


def _restore(work: Work, row: sqlite3.Row, images: Mapping[str, Any]) -> list[str]:
    """Give the survivor its tier and dates back, unless they changed since."""
    survivor = row["survivor"]
    before, after = images["members"][row["asked"]], images["after"]
    now = member(work, row["program"], survivor)
    for name in ("enrolled_at", "last_activity_at"):
        if now[name] == after[name]:
            work.run(f"update members set {name} = ? where number = ?", before[name], survivor)
    if now["tier"] != after["tier"]:
        return ["TIER_CHANGED_SINCE"]
    others = _still_raised_by(work, row)
    tier = highest(work, row["program"], [before["tier"], *others])
    work.run("update members set tier = ? where number = ?", tier, survivor)
    return []


def _still_raised_by(work: Work, row: sqlite3.Row) -> list[str]:
    """Return the tiers of members that other merges, by the highest tier, have brought to the survivor."""
    found = work.rows(
        """select before from merges
           where survivor = ? and merge_id <> ? and status = 'DONE' and tier_policy = 'highest'""",
        row["survivor"],
        row["merge_id"],
    )
    images = [json.loads(other["before"])["members"] for other in found]
    return [
        image["tier"] for members in images for number, image in members.items() if number != row["survivor"]
    ]


def _dissolve(work: Work, row: sqlite3.Row, merge_id: str) -> list[ledger.Moved]:
    """Let a survivor with a new number go: what came to it since is for the member that was to survive."""
    survivor, asked = row["survivor"], row["asked"]
    operation = f"{merge_id}.unmerge"
    moved = [
        ledger.move(work, lot.lot, lot.points, asked, operation) for lot in ledger.lots_of(work, survivor)
    ]
    for table in ("cards", "vouchers"):
        work.run(f"update {table} set member = ? where member = ?", asked, survivor)
    work.run("update members set merged_into = ? where merged_into = ?", asked, survivor)
    work.run("update members set status = 'MERGED', merged_into = ? where number = ?", asked, survivor)
    return moved
