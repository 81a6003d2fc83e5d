"""How SQLite answers what is asked of it: by an index, or by reading a whole table."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from identity.store.dialect.sqlite import SqliteDatabase

__all__ = ["GROWS", "Asked", "scanned", "watched"]

GROWS = frozenset(
    "change consent_fact consent_record crosswalk event filed golden_profile idempotency identifier link review_subject"
    " review_task source_record".split()
)
"""Tables with rows for each record, or for each thing that ever happened to one."""
_SCAN = re.compile(r"SCAN (\w+)( USING (?:COVERING )?INDEX)?")
_ANY = re.compile(r"EXISTS \(SELECT 1 FROM \w+\)")
"""Whether there is any row ends with the first."""
_NAMED = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO|,)\s+\"?(\w+)\"?\s+(?:AS\s+)?\"?(\w+)\"?", re.IGNORECASE)


def scanned(connection: sqlite3.Connection, sql: str, values: Sequence[object] = ()) -> set[str]:
    """Return the tables that grow and that a statement reads as a whole: not through a condition on an index, nor in
    the order of one up to a limit."""
    sql = _ANY.sub("1", sql)
    named: dict[str, str] = {alias: table for table, alias in _NAMED.findall(sql)}
    steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    scans = [scan for step in steps if (scan := _SCAN.match(step))]
    some = " LIMIT " in sql.upper()
    return {str(named.get(scan[1], scan[1])) for scan in scans if not (some and scan[2])} & GROWS


@dataclass
class Asked:
    """What was asked meanwhile, with its values."""

    statements: list[str] = field(default_factory=list)

    def reading_whole_tables(self, file: Path) -> dict[str, set[str]]:
        asked = {sql for sql in self.statements if re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)\b", sql)}
        with closing(sqlite3.connect(file)) as connection:
            return {sql: found for sql in sorted(asked) if (found := scanned(connection, sql))}


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Hear every statement on each connection that is opened to SQLite from now on."""
    asked, connect = Asked(), SqliteDatabase.connect

    def connected(database: SqliteDatabase) -> sqlite3.Connection:
        connection = connect(database)
        connection.set_trace_callback(asked.statements.append)
        return connection

    monkeypatch.setattr(SqliteDatabase, "connect", connected)
    yield asked
