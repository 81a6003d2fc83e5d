"""Rows that were set aside, tried again: read, mapped, checked and resolved as a file's row is, or a message's.

Each is closed as the record it became, or says why it still cannot be taken. Killed half-way they can be tried again
with the same end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from identity.bootstrap import Service, SystemClock
from identity.commands.messages import as_of
from identity.connectors.arrivals import arrivals
from identity.connectors.faults import FIXES
from identity.connectors.files import read_again
from identity.connectors.intake import RowIssue
from identity.connectors.mending import corrected, is_canonical, told_of
from identity.connectors.one_by_one import ERASED, one_by_one
from identity.flows.ingest import Ingested, Outcome
from identity.flows.intake import take
from identity.model.policy import SourceMode
from identity.model.quarantine import SetAside
from identity.model.record import RecordKey
from identity.ports import Arrival
from identity.store.quarantine import Fault, Quarantine

__all__ = ["Tried", "Try", "book_of", "drive", "try_of"]

_MESSAGE = "intake/"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a row: the record it is now, or the fault that it still has. `record` is its key, as text."""

    id: int
    outcome: str
    record: str = ""
    golden_id: str = ""
    code: str = ""
    message: str = ""
    column: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Try:
    """A row, and what it says now. `canonical`: in canonical columns."""

    row: SetAside
    told: Mapping[str, Any]
    canonical: bool

    @property
    def way(self) -> tuple[str, bool, bool]:
        """Rows of one way are read together."""
        return self.row.source, self.canonical, self.row.file.startswith(_MESSAGE)


def book_of(service: Service) -> Quarantine:
    return service.store.quarantine(SystemClock())


def try_of(service: Service, row: SetAside, corrections: Mapping[str, str]) -> Try:
    told = corrected(told_of(row.raw) or {}, corrections)
    return Try(row, told, is_canonical(row, service.sources.get(row.source), told))


def drive(service: Service, tries: Sequence[Try], actor: str, *, kept: bool = False) -> list[Tried]:
    """Take rows in; close those that are records now, and say of the others what is wrong with them (unless it is
    `kept` as it was: then they were corrected only to be tried)."""
    book = book_of(service)
    try:
        done = [each for way in _ways(tries) for each in _taken(service, way)]
        records = [(tried.id, key, tried.outcome) for tried, key in done if key]
        faults = [Fault(t.id, t.code, t.message, t.column or None) for t, key in done if not key]
        erased = [fault.id for fault in faults if fault.code == ERASED]
        book.mended(records, actor)
        book.restate([] if kept and not erased else faults, erased)
    finally:
        book.leave([each.row.id for each in tries])
    return [tried for tried, _ in done]


def _ways(tries: Sequence[Try]) -> Iterator[list[Try]]:
    for _, found in groupby(sorted(tries, key=lambda each: each.way), key=lambda each: each.way):
        yield list(found)


def _taken(service: Service, tries: Sequence[Try]) -> Iterator[tuple[Tried, RecordKey | None]]:
    """Yield what came of each row, with the key of its record where it is one now."""
    again: list[Try] = []
    read, issues = _read(service, tries)
    for place, each in enumerate(tries, 1):
        if (issue := issues.get(place)) is not None:
            if issue.code == "E340" and len(tries) > 1:
                again.append(each)  # another of these rows has its id: each is a word of its own
            else:
                yield _failed(each.row, issue.code, _of(each.row, issue), issue.column), None
    rows = [(tries[place - 1].row, arrival) for place, arrival in read]
    for (row, arrival), found in zip(rows, _resolved(service, rows), strict=True):
        key = arrival.record.key
        if found.problem:
            yield _failed(row, found.problem.code, found.problem.message, None), None
        else:
            yield Tried(row.id, found.outcome.value, str(key), found.golden_id or ""), key
    for each in again:
        yield from _taken(service, [each])


def _read(service: Service, tries: Sequence[Try]) -> tuple[list[tuple[int, Arrival]], dict[int, RowIssue]]:
    """Return arrivals with their places, from 1, and the issues of the other places."""
    first, now, custom = tries[0], SystemClock().now(), service.match_rules.custom
    policy = service.sources.get(first.row.source)
    intake = read_again(
        [each.told for each in tries],
        None if first.canonical else policy,
        "row",
        first.row.source or None,
        custom,
    )
    records = arrivals(intake, SourceMode.LIVE, first.row.load_id, now, custom)
    places = intake.records["row"].to_pylist()
    found = [
        (place, _placed(service, arrival, tries[place - 1].row))
        for place, arrival in zip(places, one_by_one(records), strict=True)
    ]
    taken = set(places)
    return found, {issue.row: issue for issue in intake.issues if issue.row and issue.row not in taken}


def _placed(service: Service, arrival: Arrival, row: SetAside) -> Arrival:
    """Return an arrival as one of the load that its row came with, in the mode of its source."""
    policy = service.sources.get(arrival.record.key.source)
    return replace(arrival, load_id=row.load_id, mode=str(policy.mode if policy else SourceMode.LIVE))


def _resolved(service: Service, rows: Sequence[tuple[SetAside, Arrival]]) -> list[Ingested]:
    """Resolve arrivals; what its source has told since without saying of when, holds."""
    book, done = book_of(service), dict[int, Ingested]()
    undated = [(row, arrival) for row, arrival in rows if arrival.record.observed_at is None]
    for row, arrival in undated:
        if book.loaded_after([arrival.record.key], row.created_at):
            done[row.id] = Ingested(arrival.record.key, Outcome.SUPERSEDED, None)
    fresh = [(row, arrival) for row, arrival in rows if row.id not in done]
    if fresh and fresh[0][0].file.startswith(_MESSAGE):
        dated = [as_of(arrival, lambda at, row=row: at or row.created_at) for row, arrival in fresh]  # type: ignore[misc]
        told = take(service.desk, service.store.intake, dated)
    else:
        told = service.ingest([arrival for _, arrival in fresh]) if fresh else []
    done |= {row.id: each for (row, _), each in zip(fresh, told, strict=True)}
    return [done[row.id] for row, _ in rows]


def _of(row: SetAside, issue: RowIssue) -> str:
    """Return what is wrong with a row, named by its place in its own file."""
    what = issue.message.rpartition(": ")[2]
    where = row.file + (f", row {row.row}" if row.row else "")
    return f"{where}, column {issue.column}: {what}" if issue.column else f"{where}: {what}"


def _failed(row: SetAside, code: str, message: str, column: str | None) -> Tried:
    return Tried(row.id, "quarantined", "", "", code, message, column or "", FIXES.get(code, ""))
