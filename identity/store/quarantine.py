"""Rows that were set aside, one by one: seen, taken to be mended, closed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select

from identity.model.quarantine import QuarantineStatus, SetAside
from identity.model.record import RecordKey
from identity.ports import Clock
from identity.store.columns import of_keys
from identity.store.dialect import Database, Kind, Statement
from identity.store.fields import Fields
from identity.store.tables import TABLES

__all__ = ["Fault", "Quarantine"]

_ROW = TABLES["quarantine"].c
_RECORD = TABLES["source_record"].c
_MOST_COUNTED = 10_000
_IDS = {"id": Kind.NUMBER}
_TAKE = Statement(
    "UPDATE quarantine SET mending_until = :until WHERE id IN (SELECT s.id FROM {rows} AS s) AND status = 'open'"
    " AND outcome = 'quarantined' AND (mending_until IS NULL OR mending_until <= :at) RETURNING id",
    _IDS,
)
_LEAVE = Statement(
    "UPDATE quarantine SET mending_until = NULL WHERE id IN (SELECT s.id FROM {rows} AS s)", _IDS
)
_MENDED = Statement(
    "UPDATE quarantine SET status = 'mended', raw = NULL, mending_until = NULL, source = s.source,"
    " source_record_id = s.source_record_id, closed_at = :at, closed_by = :who, closed_reason = s.reason"
    " FROM {rows} AS s WHERE quarantine.id = s.id AND quarantine.status = 'open'",
    {"id": Kind.NUMBER, "source": Kind.TEXT, "source_record_id": Kind.TEXT, "reason": Kind.TEXT},
)
_RESTATE = Statement(
    'UPDATE quarantine SET code = s.code, message = s.message, "column" = s.place FROM {rows} AS s'
    " WHERE quarantine.id = s.id AND quarantine.status = 'open'",
    {"id": Kind.NUMBER, "code": Kind.TEXT, "message": Kind.TEXT, "place": Kind.TEXT},
)
_FORGET = Statement(
    "UPDATE quarantine SET raw = NULL, source_record_id = NULL WHERE id IN (SELECT s.id FROM {rows} AS s)",
    _IDS,
)
_DROP = Statement(
    "UPDATE quarantine SET status = 'dropped', raw = NULL, mending_until = NULL, closed_at = :at, closed_by = :who,"
    " closed_reason = :reason WHERE id IN (SELECT s.id FROM {rows} AS s) AND status = 'open'"
    " AND (mending_until IS NULL OR mending_until <= :at) RETURNING id",
    _IDS,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row now."""

    id: int
    code: str
    message: str
    column: str | None


class Quarantine:
    def __init__(self, database: Database, clock: Clock, fields: Fields) -> None:
        self._database = database
        self._clock = clock
        self._fields = fields

    def row(self, id_: int) -> SetAside | None:
        """Return a row that was set aside, open or not."""
        found = self._rows(_ROW.id == id_, 1)
        return found[0] if found else None

    def waiting(
        self, source: str | None, code: str | None, after: int = 0, limit: int = 50, *, mendable: bool = False
    ) -> tuple[SetAside, ...]:
        """Return open rows behind an id, of a source and with a code if these are told, the oldest first; `mendable`:
        only those that were not taken."""
        return self._rows(and_(_ROW.id > after, *_open(source, code, mendable=mendable)), limit)

    def of_file(self, file: str, after: int, limit: int) -> tuple[SetAside, ...]:
        """Return up to `limit` rows of a file that were set aside, open or not, behind the id `after`."""
        return self._rows(and_(_ROW.file == file, _ROW.id > after), limit)

    def closed(self, limit: int = 50) -> tuple[SetAside, ...]:
        """Return rows that were mended or dropped, the last set aside first."""
        told = [QuarantineStatus.MENDED.value, QuarantineStatus.DROPPED.value]
        return self._rows(_ROW.status.in_(told), limit, newest=True)

    def count(self, source: str | None, code: str | None, after: int = 0, *, mendable: bool = False) -> int:
        """Return how many open rows there are behind an id, ten thousand at most."""
        asked = select(_ROW.id).where(_ROW.id > after, *_open(source, code, mendable=mendable))
        with self._database.read() as look:
            counted = select(func.count()).select_from(asked.limit(_MOST_COUNTED).subquery())
            return int(look.execute(counted).scalar_one())

    def take(self, ids: Collection[int], lasts: timedelta) -> frozenset[int]:
        """Sit down at rows that are open and nobody is at; return these."""
        at = self._clock.now()
        if not ids:
            return frozenset()
        with self._database.write() as connection:
            asked = _TAKE.on(sorted(set(ids)), at=at, until=at + lasts)
            return frozenset(int(id_) for (id_,) in connection.ask(asked)())

    def leave(self, ids: Collection[int]) -> None:
        """Leave rows as they are."""
        if ids:
            with self._database.write() as connection:
                connection.execute(_LEAVE.on(sorted(set(ids))))

    def mended(self, records: Sequence[tuple[int, RecordKey, str]], who: str) -> None:
        """Close rows that were taken after all, each as its record, with the word of what became of it. How they came
        is kept with the record."""
        if records:
            rows = [(id_, key.source, key.source_record_id, reason) for id_, key, reason in sorted(records)]
            with self._database.write() as connection:
                connection.execute(_MENDED.on(rows, who=who, at=self._clock.now()))

    def restate(self, faults: Sequence[Fault], forgotten: Collection[int] = ()) -> None:
        """Say what is wrong with open rows now; of `forgotten` ones nothing is kept."""
        with self._database.write() as connection:
            if faults:
                rows = [(each.id, each.code, each.message, each.column) for each in faults]
                connection.execute(_RESTATE.on(rows))
            if forgotten:
                connection.execute(_FORGET.on(sorted(forgotten)))

    def drop(self, ids: Collection[int], who: str, reason: str) -> frozenset[int]:
        """Give open rows up; return those that were. How they came is kept no more."""
        if not ids:
            return frozenset()
        with self._database.write() as connection:
            asked = _DROP.on(sorted(set(ids)), who=who, reason=reason, at=self._clock.now())
            return frozenset(int(id_) for (id_,) in connection.ask(asked)())

    def loaded_after(self, keys: Collection[RecordKey], moment: datetime) -> frozenset[RecordKey]:
        """Return which of these records were told after a moment."""
        asked = select(_RECORD.source, _RECORD.source_record_id).where(
            of_keys(_RECORD.source, _RECORD.source_record_id, keys), _RECORD.loaded_at > moment
        )
        with self._database.read() as look:
            return frozenset(RecordKey(*row) for row in look.execute(asked))

    def _rows(self, which: ColumnElement[bool], limit: int, *, newest: bool = False) -> tuple[SetAside, ...]:
        columns = [_ROW[name] for name in SetAside.__slots__]
        asked = select(*columns).where(which).order_by(_ROW.id.desc() if newest else _ROW.id).limit(limit)
        with self._database.read() as look:
            found = [SetAside(*row) for row in look.execute(asked)]
        return tuple(replace(row, raw=self._fields.clear("quarantine.raw", row.raw)) for row in found)


def _open(source: str | None, code: str | None, *, mendable: bool) -> list[ColumnElement[bool]]:
    told = [_ROW.status == QuarantineStatus.OPEN.value]
    told += [] if source is None else [_ROW.source == source]
    told += [] if code is None else [_ROW.code == code]
    return [*told, _ROW.outcome == "quarantined"] if mendable else told
