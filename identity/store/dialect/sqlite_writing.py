"""SQLite for the unit of work of real time: rows come in as JSON where they are asked about, bound where written."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from identity.store.dialect.asking import Answer, Asked, Kind, Statement, numbered
from identity.store.dialect.connections import Refusal, translated
from identity.store.dialect.sqlite_turns import begin_writing
from identity.store.dialect.types import utc_text

__all__ = ["SqliteAsking", "SqliteWriting"]

_WORDS = {"as_list": "json_group_array", "passing_over": "", "unchanged": ""}


class _Spelled(NamedTuple):
    sql: str
    names: tuple[str, ...]
    times: tuple[int, ...]
    bare: bool


class SqliteAsking:
    """Questions about a few records. Each sees what is committed, or this connection's own open transaction."""

    def __init__(self, connection: sqlite3.Connection, refusal: Refusal) -> None:
        self._connection = connection
        self._refusal = refusal

    def ask(self, asked: Asked) -> Answer:
        spelled = _asking(asked.statement)
        given = [] if asked.rows is None else [orjson.dumps(_rows(spelled, asked.rows)).decode()]
        with translated(self._refusal):
            found = self._connection.execute(spelled.sql, given + _values(spelled, asked)).fetchall()
        return lambda: found


class SqliteWriting(SqliteAsking):
    """One transaction that every other writer waits for."""

    def __init__(self, connection: sqlite3.Connection, path: Path, patience: float, refusal: Refusal) -> None:
        super().__init__(connection, refusal)
        with translated(refusal):
            begin_writing(connection, path, patience)

    def execute(self, *asked: Asked) -> None:
        with translated(self._refusal):
            for one in asked:
                self._run(one)

    def _run(self, asked: Asked) -> None:
        spelled = _binding(asked.statement)
        values = tuple(_values(spelled, asked))
        if asked.rows is None:
            self._connection.execute(spelled.sql, values)
        elif spelled.bare:
            self._connection.executemany(spelled.sql, [(row, *values) for row in asked.rows])
        else:
            self._connection.executemany(spelled.sql, [(*row, *values) for row in _rows(spelled, asked.rows)])

    def claim(self, *_: object, **__: object) -> bool:
        """Nothing to do: BEGIN IMMEDIATE lets in one writer."""
        return False

    def lock_log(self) -> None:
        """Nothing to do: BEGIN IMMEDIATE lets in one writer."""

    def commit(self) -> None:
        with translated(self._refusal):
            self._connection.execute("COMMIT")


@cache
def _asking(statement: Statement) -> _Spelled:
    bare = len(statement.columns) == 1
    cell = (
        ("value",)
        if bare
        else tuple(f"json_extract(value, '$[{place}]')" for place in range(len(statement.columns)))
    )
    columns = ", ".join(f'{c} AS "{name}"' for c, name in zip(cell, statement.columns, strict=True))
    return _spelled(statement, f"(SELECT {columns} FROM json_each(?1))", 2 if statement.columns else 1)


@cache
def _binding(statement: Statement) -> _Spelled:
    columns = ", ".join(f'?{place} AS "{name}"' for place, name in enumerate(statement.columns, 1))
    return _spelled(statement, f"(SELECT {columns})", len(statement.columns) + 1)


def _spelled(statement: Statement, rows: str, first: int) -> _Spelled:
    sql, names = numbered(statement.sql.format(rows=rows, **_WORDS), "?", first)
    times = tuple(place for place, kind in enumerate(statement.columns.values()) if kind is Kind.TIME)
    return _Spelled(sql, names, times, len(statement.columns) == 1)


def _rows(spelled: _Spelled, rows: Sequence[Any]) -> Sequence[Any]:
    if not spelled.times:
        return rows
    written = [list(row) for row in rows]
    for row in written:
        for place in spelled.times:
            row[place] = row[place] and utc_text(row[place])
    return written


def _values(spelled: _Spelled, asked: Asked) -> list[Any]:
    values = (asked.values[name] for name in spelled.names)
    return [utc_text(value) if isinstance(value, datetime) else value for value in values]
