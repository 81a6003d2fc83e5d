"""What every side of the bulk unit of work stands on: the open transaction, its moment, ways in and out."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from identity.observing.traces import inner
from identity.ports import Clock
from identity.store import statements as sql
from identity.store.dialect import BulkConnection, Database
from identity.store.fields import ENCRYPTED, PLAIN, Fields

__all__ = ["TIME", "BulkUnit", "one", "shaped"]

TIME = pa.timestamp("us", tz="UTC")
_LATEST = pa.schema([("at", TIME)])
_INSTANT = timedelta(microseconds=1)


class BulkUnit:
    """One transaction that every other writer waits for, for a `with` block."""

    def __init__(self, database: Database, clock: Clock, fields: Fields = PLAIN) -> None:
        self._database = database
        self._fields = fields
        self._clock = clock
        self._open: BulkConnection | None = None
        self._at: datetime | None = None
        self._span = inner("database bulk")

    def __enter__(self) -> Self:
        self._open = self._database.bulk()
        self._span.__enter__()
        try:
            self._at = self._moment()
        except BaseException:
            self._end(commit=False)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(commit=kind is None)

    def _end(self, *, commit: bool) -> None:
        connection = self._connection
        try:
            if commit:
                self._settle()
                connection.commit()
        finally:
            self._open = None
            connection.rollback()  # after a commit there is nothing left to roll back
            connection.close()
            self._span.__exit__(None, None, None)

    def _settle(self) -> None:
        """Do what was put off, before others or a later read can see that it was."""

    def _moment(self) -> datetime:
        # A clock that stands, or was set back, must not put a change beside or before one that is already history.
        latest = (
            self._connection.fetch('SELECT max("at") AS "at" FROM "change"', _LATEST).column("at")[0].as_py()
        )
        now = self._clock.now()
        return max(now, latest + _INSTANT) if latest else now

    @property
    def _connection(self) -> BulkConnection:
        if self._open is None:
            raise RuntimeError("a unit of work is used inside its with block only")
        return self._open

    @property
    def at(self) -> datetime:
        if self._at is None:
            raise RuntimeError("a unit of work is used inside its with block only")
        return self._at

    # Ways in and out

    def _read(self, table: str, schema: pa.Schema, where: str = "TRUE") -> pa.Table:
        rows = self._connection.fetch(sql.select(table, schema.names, where), schema)
        return self._fields.cleared(table, rows) if table in ENCRYPTED else rows

    def _stage(self, table: pa.Table) -> str:
        return self._connection.stage(table)

    def _upsert(
        self, into: str, rows: pa.Table, schema: pa.Schema, key: tuple[str, ...], kept: tuple[str, ...] = ()
    ) -> str:
        told = shaped(rows, schema)
        stage = self._stage(self._fields.sealed(into, told) if into in ENCRYPTED else told)
        self._connection.execute(sql.upsert(into, schema.names, stage, key, kept))
        return stage

    def _insert_one(self, into: str, **values: Any) -> None:
        row = one(**values)
        self._connection.execute(sql.insert(into, row.column_names, self._stage(row)))


def shaped(table: pa.Table, schema: pa.Schema) -> pa.Table:
    return table.select(schema.names).cast(schema)


def one(**values: Any) -> pa.Table:
    return pa.table({name: pa.array([value], _type_of(value)) for name, value in values.items()})


def _type_of(value: object) -> pa.DataType:
    kinds = {datetime: TIME, int: pa.int64(), bool: pa.bool_()}
    return kinds.get(type(value), pa.string())
