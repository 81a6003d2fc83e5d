"""Rows that were set aside, seen to: mended and tried again, tried again as they are, or dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from identity.bootstrap import Service, SystemClock
from identity.commands.try_again import Tried, book_of, drive, try_of
from identity.connectors.faults import FIXES
from identity.connectors.files import columns_read
from identity.connectors.mending import columns_of, is_canonical, told_of
from identity.model.audit import AuditAction, AuditEntry
from identity.model.errors import DecisionRefused, LookupFailed
from identity.model.quarantine import SetAside
from identity.model.record import RecordKey

__all__ = ["AT_ONCE", "Tried", "drop", "fields_of", "mend", "quarantine_report", "redrive", "row_of"]

AT_ONCE = 1_000
"""So many rows are tried again at once."""
_READ_AT_ONCE = 100
_LASTS = timedelta(minutes=5)


def quarantine_report(
    service: Service, source: str | None, code: str | None, after: int = 0, limit: int = 50
) -> dict[str, Any]:
    """Return what waits, by source and code, and rows of it. How they came is not told: `identity quarantine show`."""
    rows = book_of(service).waiting(source, code, after, limit)
    return {
        "waiting": [
            {"source": each.source, "code": each.code, "outcome": each.outcome, "rows": each.count}
            for each in service.store.quality.quarantined()
            if source in (None, each.source) and code in (None, each.code)
        ],
        "rows": [
            {
                **{name: getattr(row, name) for name in _SHOWN},
                "fix": FIXES.get(row.code, ""),
                "created_at": row.created_at.isoformat(),
            }
            for row in rows
        ],
        "next": rows[-1].id if len(rows) == limit else None,
    }


_SHOWN = ("id", "source", "source_record_id", "file", "row", "column", "code", "message", "outcome")


def row_of(service: Service, id_: int) -> SetAside:
    """Return a row that was set aside. LookupFailed E509."""
    row = book_of(service).row(id_)
    if row is None:
        raise LookupFailed("E509", "No row that was set aside has this number.", _LIST)
    return row


_LIST = "`identity quarantine list` shows them."


def fields_of(service: Service, row: SetAside) -> dict[str, str]:
    """Return the columns of a row with their text, "" where it has none: those it came with, then those that are read
    besides."""
    policy, told = service.sources.get(row.source), told_of(row.raw)
    canonical = is_canonical(row, policy, told)
    read = columns_read(None if canonical else policy, service.match_rules.custom)
    within = {name for name in read if name.startswith("custom.")}
    came = dict(columns_of(told or {}))
    return came | {name: "" for name in read if name not in came and name not in within}


def mend(service: Service, id_: int, corrections: Mapping[str, str], actor: str) -> Tried:
    """Correct columns of a row, and try it again. One that was mended before is told as it is: nothing is done twice.

    LookupFailed E509; DecisionRefused NOT_WAITING for one that was dropped or was taken with a warning, BEING_MENDED.
    """
    row = row_of(service, id_)
    if row.status == "mended":
        return _mended(service, row)
    if not row.mendable:
        raise DecisionRefused("NOT_WAITING", "This row does not wait to be mended.", _LIST)
    tried = try_of(service, row, corrections)
    if not book_of(service).take([id_], _LASTS):
        now = row_of(service, id_)
        if now.status == "mended":
            return _mended(service, now)
        raise DecisionRefused("BEING_MENDED", "Somebody is mending this row.", "Look again in a moment.")
    (done,) = drive(service, [tried], actor, kept=tried.told != (told_of(row.raw) or {}))
    _noted(service, actor, "mend", done.golden_id, row=id_, outcome=done.code or done.outcome)
    return done


def redrive(
    service: Service, source: str | None, code: str | None, actor: str, after: int = 0, most: int = AT_ONCE
) -> dict[str, Any]:
    """Try rows again as they came, behind an id, up to `most` of them: after a rule was changed. Return what came of
    them, and (`next`) behind which id to go on, None at the end."""
    book, counted, last = book_of(service), Counter[str](), after
    faults: Counter[str] = Counter()
    tried = 0
    while tried < most:
        rows = book.waiting(source, code, last, min(_READ_AT_ONCE, most - tried), mendable=True)
        if not rows:
            break
        last, tried = rows[-1].id, tried + len(rows)
        readable = [each for row in rows if told_of(row.raw) for each in [try_of(service, row, {})]]
        counted["unreadable"] += len(rows) - len(readable)
        held = book.take([each.row.id for each in readable], _LASTS)
        counted["held"] += len(readable) - len(held)
        for done in drive(service, [each for each in readable if each.row.id in held], actor):
            counted["mended" if done.record else "failed"] += 1
            faults.update([done.code] if done.code else [])
    left = book.count(source, code, last, mendable=True)
    if tried:
        _noted(service, actor, "redrive", tried=tried, mended=counted["mended"])
    return {
        "tried": tried,
        **{name: counted[name] for name in ("mended", "failed", "unreadable", "held")},
        "codes": dict(sorted(faults.items())),
        "left": left,
        "next": last if left else None,
    }


def drop(service: Service, ids: Sequence[int], actor: str, reason: str) -> dict[str, Any]:
    """Give rows up, for a reason; how they came is kept no more. Return how many were open."""
    dropped = book_of(service).drop(ids, actor, reason)
    if dropped:
        _noted(service, actor, "drop", dropped=len(dropped))
    return {"dropped": len(dropped)}


def _noted(service: Service, actor: str, what: str, golden_id: str = "", **details: str | int) -> None:
    entry = AuditEntry(actor, AuditAction.DECIDE, golden_id, details={"quarantine": what, **details})
    service.store.audit(SystemClock()).append(entry)


def _mended(service: Service, row: SetAside) -> Tried:
    key = RecordKey(row.source, row.source_record_id or "")
    return Tried(row.id, row.closed_reason or "", str(key), service.store.views.golden_id_of(key) or "")
