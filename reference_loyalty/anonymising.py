"""anonymise: a member that nobody can be recognised by any more. The ledger stays, entry by entry.

What a member is owed, and was given, is the programme's bookkeeping; who it was is not needed for that.
"""

from __future__ import annotations

import json

from reference_loyalty.database import Work
from reference_loyalty.members import member, merged_from, survivor_of, touch

__all__ = ["ANONYMISED", "anonymise"]

ANONYMISED = "ANONYMISED"


def anonymise(work: Work, program: str, number: str) -> str:
    """Forget whom a number belongs to, with all that is one member with it; return the member that answers to it.

    Cards, marks and what was told of the person go, and the copies of them in merges, in replies that are kept to be
    repeated, and in messages that arrived. Doing it again does nothing. UNKNOWN_MEMBER, DIFFERENT_PROGRAM.
    """
    row = survivor_of(work, program, number)
    if row["status"] == ANONYMISED:
        return str(row["number"])
    for each in (row["number"], *merged_from(work, row["number"])):
        _forget(work, each)
    work.run("update members set status = ? where number = ?", ANONYMISED, row["number"])
    touch(work, row["number"])
    return str(member(work, program, row["number"])["number"])


def _forget(work: Work, number: str) -> None:
    for table in ("people", "cards", "marks"):
        work.run(f"delete from {table} where member = ?", number)
    named = json.dumps(number)
    for table, text in (("once", "reply"), ("outbox", "body")):
        arrived = " and delivered_at is not null" if table == "outbox" else ""
        work.run(f"delete from {table} where instr({text}, ?) > 0{arrived}", named)
    for row in work.rows("select merge_id, receipt from merges where instr(before, ?) > 0", named):
        receipt = {**json.loads(row["receipt"]), "cards_moved": []}
        work.run(
            "update merges set before = '{}', receipt = ? where merge_id = ?",
            json.dumps(receipt),
            row["merge_id"],
        )
