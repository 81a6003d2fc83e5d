"""Rows that were set aside: seen by code, mended in their own columns, tried again, dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from identity.commands.quarantine import drop, fields_of, mend, redrive, row_of
from identity.commands.try_again import Tried, book_of
from identity.connectors.faults import FIXES
from identity.model.audit import AuditAction
from identity.model.quarantine import SetAside
from identity.model.record import RecordKey
from identity.steps.disclose import mask
from stewardship.places import Place, Refused
from stewardship.rights import Right
from stewardship.visit import Visit, address

__all__ = ["PLACES"]

_PAGE = 50
_COLUMN = "column:"
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a row as it is shown. `wrong`: what stands in the way stands there."""

    name: str
    value: str
    wrong: bool


def rows_page(visit: Visit) -> Response:
    """Show the rows that wait, of one source and code or of all, the oldest first."""
    source, code, after = _asked(visit)
    book = book_of(visit.service)
    rows = book.waiting(source, code, after, _PAGE + 1)
    return visit.page(
        "quarantine.html", rows=rows[:_PAGE], source=source, code=code, fix=FIXES.get(code or "", ""),
        waiting=book.count(source, code), mendable=book.count(source, code, mendable=True),
        behind=rows[_PAGE - 1].id if len(rows) > _PAGE else 0, now=visit.at, closed=book.closed(10),
        came=_came(visit), told_notice=visit.asked.get("note", ""),
    )  # fmt: skip


def _asked(visit: Visit) -> tuple[str | None, str | None, int]:
    """Return the part of the quarantine that an address or a form names. A source may be named by nothing at all."""
    told = {
        **visit.asked,
        **{name: visit.said(name) for name in ("source", "code", "after") if name in visit.form},
    }
    after = told.get("after", "0")
    return told.get("source"), told.get("code") or None, int(after) if _is_number(after) else 0


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16


def _came(visit: Visit) -> Mapping[str, int] | None:
    """Return what came of the rows that were tried again just now."""
    names = ("tried", "mended", "left", "behind")
    if not all(_is_number(visit.asked.get(name, "")) for name in names):
        return None
    return {name: int(visit.asked[name]) for name in names}


def try_again(visit: Visit) -> Response:
    """Try up to a thousand rows again as they came, and say how far it is."""
    source, code, after = _asked(visit)
    done = redrive(visit.service, source, code, visit.who, after)
    told = {
        "tried": done["tried"],
        "mended": done["mended"],
        "left": done["left"],
        "behind": done["next"] or 0,
    }
    return visit.go(_list(source, code, **told))


def drop_ticked(visit: Visit) -> Response:
    """Give the ticked rows up."""
    source, code, _ = _asked(visit)
    numbers = visit.ticked("row")
    if not numbers or not all(map(_is_number, numbers)):
        raise Refused(400, "Nothing is ticked.", "Tick what shall be dropped.")
    drop(visit.service, [int(number) for number in numbers], visit.who, _reason(visit))
    return visit.go(_list(source, code, note="dropped"))


def _reason(visit: Visit) -> str:
    reason = visit.said("reason")
    if not reason or len(reason) > _LONGEST or "\0" in reason:
        raise Refused(400, "Say in a few words why.", "What is dropped is gone for good.")
    return reason


def _list(source: str | None, code: str | None, **more: object) -> str:
    # A source without a name is one as well: it stays in the address.
    where = address("quarantine", source=source, code=code, **more)
    return where if source != "" else where + ("&" if "?" in where else "?") + "source="


def row_page(visit: Visit) -> Response:
    """Show a row: in clear, with a form, to somebody who may mend it and has asked to see it."""
    return _shown(visit, _row(visit))


def _row(visit: Visit) -> SetAside:
    number = visit.named["number"]
    return row_of(visit.service, int(number) if _is_number(number) else 0)


def _shown(
    visit: Visit, row: SetAside, tried: Tried | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    clear = visit.may(Right.MEND) and visit.screen.stewards.discloses(visit.session, _subject(row))
    following = book_of(visit.service).waiting(row.source, row.code, row.id, 1)
    wrong = tried.column if tried else row.column or ""
    return visit.page(
        "quarantined.html", 422 if tried else 200, row=row, clear=clear, tried=tried, now=visit.at,
        fields=_fields(visit, row, typed or {}, wrong, clear=clear) if row.waits else (),
        fix=FIXES.get(row.code, ""), behind=address("quarantine", str(following[0].id)) if following else "",
        back=_list(row.source, row.code if row.waits else None),
        golden_id=visit.service.store.views.golden_id_of(RecordKey(row.source, row.source_record_id or ""))
        if row.status == "mended" else None,
        told_notice=visit.asked.get("note", ""),
    )  # fmt: skip


def _subject(row: SetAside) -> str:
    return f"quarantine:{row.id}"


def _fields(
    visit: Visit, row: SetAside, typed: Mapping[str, str], wrong: str, *, clear: bool
) -> Sequence[Field]:
    """Return the columns of a row, those with something in them first; the wrong one before all others."""
    came = fields_of(visit.service, row)
    if clear:
        told = [Field(name, typed.get(name, value), name == wrong) for name, value in came.items()]
    else:
        means = _attributes(visit, row.source)
        told = [
            Field(name, mask(means.get(name, name), value), name == wrong)
            for name, value in came.items()
            if value
        ]
    return sorted(told, key=lambda field: (not field.wrong, not came[field.name]))


def _attributes(visit: Visit, source: str) -> dict[str, str]:
    policy = visit.service.sources.get(source)
    return {path: column.attribute for column in policy.columns for path in column.paths} if policy else {}


def reveal(visit: Visit) -> Response:
    """Show a row in clear for a while. It is written down."""
    row = _row(visit)
    visit.audit(AuditAction.REVEAL, row_id=row.id, source=row.source, code=row.code)
    visit.screen.stewards.disclose(visit.who, visit.session, _subject(row), visit.screen.settings.reveal)
    return visit.go(address("quarantine", str(row.id)))


def mend_row(visit: Visit) -> Response:
    """Try a row again with what was typed. Where it still cannot be taken, what was typed stays."""
    row = _row(visit)
    if row.waits and not visit.screen.stewards.discloses(visit.session, _subject(row)):
        raise Refused(409, "The row is masked again.", "Reveal it, and try again.")
    typed = _typed(visit, row)
    tried = mend(visit.service, row.id, typed, visit.who)
    if tried.record:
        return visit.go(address("quarantine", str(row.id), note="mended"))
    return _shown(visit, _row(visit), tried, typed)


def _typed(visit: Visit, row: SetAside) -> dict[str, str]:
    """Return the columns that were changed. Browsers write every end of a line in a way of their own."""
    came: dict[str, Any] = fields_of(visit.service, row) if row.waits else {}
    sent = {
        name.removeprefix(_COLUMN): value.replace("\r\n", "\n")
        for name, value in visit.form.items()
        if name.startswith(_COLUMN) and isinstance(value, str)
    }
    return {name: value for name, value in sent.items() if value != came.get(name, "").replace("\r\n", "\n")}


def drop_row(visit: Visit) -> Response:
    """Give a row up."""
    row = _row(visit)
    drop(visit.service, [row.id], visit.who, _reason(visit))
    return visit.go(address("quarantine", str(row.id)))


PLACES = (
    Place("GET", "/quarantine", Right.SEE_RUNS, rows_page),
    Place("POST", "/quarantine/redrive", Right.REDRIVE, try_again),
    Place("POST", "/quarantine/drop", Right.REDRIVE, drop_ticked),
    Place("GET", "/quarantine/{number}", Right.SEE_RUNS, row_page),
    Place("POST", "/quarantine/{number}/reveal", Right.MEND, reveal),
    Place("POST", "/quarantine/{number}/mend", Right.MEND, mend_row),
    Place("POST", "/quarantine/{number}/drop", Right.REDRIVE, drop_row),
)
