"""Everything that differs between the two databases. Nothing outside this folder names either of them.

A `Database` opens connections of seven kinds: `read` for one consistent view, `survey` for one of everything, `look`
for questions about a few records, `steady` for both, `write` for a transaction around a few records, `bulk` for one in
which Arrow tables go in and out, `alter` for migrations. Set-based SQL is written once, in `store/statements.py` and
the statements of `store/online`, in what both databases understand (row values, UPDATE … FROM, INSERT … ON CONFLICT).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from identity.store.dialect.asking import Answer, Asked, Kind, ReadConnection, Statement, WriteConnection
from identity.store.dialect.connections import (
    CONNECTIONS,
    BulkConnection,
    Database,
    LogPosition,
    unusable_url,
)
from identity.store.dialect.observed import Observed
from identity.store.dialect.postgresql import PostgresDatabase
from identity.store.dialect.sqlite import SqliteDatabase
from identity.store.dialect.types import (
    CLUSTERED,
    NEVER_REUSED,
    KeyText,
    Position,
    UtcDateTime,
    partial_index,
    placed,
    utc,
    where,
)

__all__ = [
    "CLUSTERED",
    "CONNECTIONS",
    "DEFAULT_URL",
    "NEVER_REUSED",
    "SERVER_URL",
    "Answer",
    "Asked",
    "BulkConnection",
    "Database",
    "KeyText",
    "Kind",
    "LogPosition",
    "Position",
    "ReadConnection",
    "Statement",
    "UtcDateTime",
    "WriteConnection",
    "database_at",
    "database_in_file",
    "file_url",
    "partial_index",
    "placed",
    "utc",
    "where",
]

DEFAULT_URL = "sqlite:///identity.db"
SERVER_URL = r"postgresql(\+psycopg)?://\S+"
"""The address of a database that others can copy, as a pattern."""


def file_url(path: Path) -> str:
    """Return the URL of a database that is one file."""
    return f"sqlite:///{path}"


_Opener = Callable[[URL, float, int], Database]
_DATABASES: dict[str, _Opener] = {
    "sqlite": SqliteDatabase,
    "postgresql": PostgresDatabase,
}


def database_at(address: str, patience: float, connections: int = CONNECTIONS) -> Database:
    """Return the database `address` names, of which up to so many connections are kept; its writers wait `patience`
    seconds for one another, and whoever needs a connection as long for a free one.

    Raises StoreError E401 or E402 when the address cannot work.
    """
    try:
        url = make_url(address)
    except ArgumentError:
        raise unusable_url("it is not of the form database://place") from None
    kind = _DATABASES.get(url.get_backend_name())
    if kind is None:
        raise unusable_url(f"{url.get_backend_name()} is not supported")
    return Observed(kind(url, patience, connections))


def database_in_file(path: Path, patience: float) -> Database:
    return SqliteDatabase(URL.create("sqlite", database=str(path)), patience)
