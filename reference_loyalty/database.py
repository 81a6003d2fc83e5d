"""One file, one transaction per request: writers stand in line, readers see one moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

__all__ = ["Database", "Work", "iso"]

_SCHEMA = Path(__file__).with_name("schema.sql")
_WAIT_SECONDS = 20.0


def iso(moment: datetime) -> str:
    """Return a moment as text that sorts as it came: UTC, to the microsecond."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True, slots=True)
class Work:
    """A transaction, and the moment it happens at."""

    connection: sqlite3.Connection
    now: datetime

    @property
    def at(self) -> str:
        """The moment as it is stored."""
        return iso(self.now)

    @property
    def today(self) -> str:
        """The day (UTC): lots that expire on it can still be spent."""
        return self.now.astimezone(UTC).date().isoformat()

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Return what a query finds."""
        return self.connection.execute(query, values).fetchall()

    def row(self, query: str, *values: object) -> sqlite3.Row | None:
        """Return the first row a query finds."""
        found: sqlite3.Row | None = self.connection.execute(query, values).fetchone()
        return found

    def value(self, query: str, *values: object) -> Any:
        """Return the only value of a query that always has one."""
        return self.connection.execute(query, values).fetchone()[0]

    def run(self, statement: str, *values: object) -> int:
        """Carry a statement out. Return the number of the row it inserted."""
        return self.connection.execute(statement, values).lastrowid or 0

    def new_id(self, kind: str) -> str:
        """Return an id nobody has: `kind`, and 80 random bits."""
        return f"{kind}_{token_hex(10)}"


class Database:
    """The platform's database file, made where there is none."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._clock = clock
        # Held open: the last connection to close would write the whole log back, at each request.
        self._idle = self._connect()
        self._idle.execute("pragma journal_mode=wal")
        with self.writing() as work:
            if not work.row("select 1 from sqlite_schema where name = 'programs'"):
                for statement in _statements(_SCHEMA.read_text(encoding="utf-8")):
                    work.run(statement)

    @contextmanager
    def writing(self) -> Iterator[Work]:
        """Begin a transaction that writes, alone; committed at the end, rolled back on any error."""
        with closing(self._connect()) as connection:
            # Immediate: one that reads first and writes later may find that another has written in between.
            connection.execute("begin immediate")
            try:
                yield Work(connection, self._clock())
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def reading(self) -> Iterator[Work]:
        """Begin a transaction that reads; all of it sees one moment."""
        with closing(self._connect()) as connection:
            connection.execute("begin")
            yield Work(connection, self._clock())

    def close(self) -> None:
        """Let go of the file."""
        self._idle.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("pragma foreign_keys=on")
        return connection


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
