"""What the rest of the store sees of a database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

import pyarrow as pa
from adbc_driver_manager import Error as AdbcError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from identity.model.errors import StoreError
from identity.store.dialect.asking import ReadConnection, WriteConnection

__all__ = [
    "CONNECTIONS",
    "BulkConnection",
    "Database",
    "LogPosition",
    "Refusal",
    "translated",
    "unusable_url",
]

CONNECTIONS = 24
"""How many a process keeps, unless it is told otherwise: the threads of the API, and those beside them."""

Refusal = Callable[[BaseException], StoreError]
"""What a database makes of an error of its driver."""


class LogPosition(NamedTuple):
    """How far a server's own log has got, in bytes: what it wrote, or where it is `copied`, what it has taken over."""

    position: int
    copied: bool


class BulkConnection(Protocol):
    """One open write transaction; every other writer waits until it ends."""

    def stage(self, table: pa.Table) -> str:
        """Make an Arrow table readable in SQL, in this transaction only; return its name as SQL spells it."""
        ...

    def execute(self, sql: str) -> None: ...

    def empty(self, *tables: str) -> None:
        """Delete all rows of these tables, however many there are."""
        ...

    def fill(self, table: str, rows: pa.Table) -> None:
        """Insert rows, sorted by the primary key, into a table that is empty."""
        ...

    def fetch(self, sql: str, schema: pa.Schema) -> pa.Table:
        """Return the rows of a query whose columns are those of `schema`, in order."""
        ...

    def look_over(self) -> None:
        """Let the database take stock of its tables, where it plans by what they hold."""
        ...

    def lock_log(self) -> None:
        """From here on no other transaction appends events: positions become visible in their order."""
        ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None: ...


class Database(Protocol):
    def read(self) -> AbstractContextManager[Connection]:
        """Open one consistent, read-only look at what is committed."""
        ...

    def survey(self) -> AbstractContextManager[Connection]:
        """Open the same for questions about everything: nothing can be written through it, whatever is asked."""
        ...

    def alter(self) -> AbstractContextManager[Connection]:
        """Open the transaction in which tables are created or changed; migrations wait for one another."""
        ...

    def bulk(self) -> BulkConnection: ...

    def look(self) -> AbstractContextManager[ReadConnection]:
        """Open a connection for questions about a few records, each answered from what is committed at that moment."""
        ...

    def steady(self) -> AbstractContextManager[ReadConnection]:
        """Open the same, each answered from what was committed when the first was asked."""
        ...

    def write(self) -> AbstractContextManager[WriteConnection]:
        """Open a transaction around a few records, committed at the end of the block."""
        ...

    def log_position(self) -> LogPosition | None:
        """Return how far the server's log has got; None where a database is no server's."""
        ...

    def sever(self) -> None:
        """Cut every connection to a server that says nothing: whoever waits for it is told so, by a StoreError."""
        ...

    def scrub(self) -> None:
        """Let go of what was deleted: of copies that were kept for a while only."""
        ...

    def dump(self, file: Path) -> None:
        """Write one committed state into a file that is not there yet, beside whoever writes."""
        ...

    def restore(self, file: Path) -> None:
        """Put what `dump` wrote in the place of all that is stored: all of it or nothing.

        StoreError E430 where a program for it is missing, E431 where anybody else is connected, E432 and E433 where the
        copy is of no use, or cannot be put back.
        """
        ...

    def partition(self, into: int) -> dict[str, int]:
        """Have the tables that grow with people in so many partitions, 1: in none; return the rows that were moved, by
        table. StoreError E434 where tables have no partitions."""
        ...

    def close(self) -> None: ...


def unusable_url(reason: str) -> StoreError:
    # The URL itself may hold a password: it is never repeated.
    remedy = "Give sqlite:///file.db or postgresql://user@host/name."
    return StoreError("E401", f"The database URL cannot be used: {reason}.", remedy)


@contextmanager
def translated(refusal: Refusal) -> Iterator[None]:
    # The cause is dropped on purpose: databases quote rows in their messages, and rows are personal data.
    try:
        yield
    except DBAPIError as error:
        raise refusal(error.orig or error) from None
    except (sqlite3.Error, AdbcError, PoolTimeout) as error:
        raise refusal(error) from None
