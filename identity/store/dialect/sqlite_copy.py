"""A copy of an SQLite file, taken beside whoever writes, and put back where nobody does."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from identity.store import refusals

__all__ = ["dump", "restore"]


def dump(database: Path, file: Path, patience: float) -> None:
    """Write one committed state into a file that is not there yet, beside whoever writes."""
    with (
        closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True, timeout=patience)) as source,
        closing(sqlite3.connect(file)) as copy,
    ):
        # All in one step: copied a few pages at a time it would begin again with each commit of another process.
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    with file.open("rb") as written:
        os.fsync(written.fileno())


def restore(file: Path, database: Path) -> None:
    """Put a copy in the place of all that is stored. StoreError E431 where anybody has the database open."""
    with (
        closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as copy,
        closing(sqlite3.connect(database, timeout=1, isolation_level=None)) as target,
    ):
        if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise refusals.damaged("its pages contradict one another")
        try:
            # In this mode the first thing that is read takes the whole file, or finds that somebody else has it.
            target.execute("PRAGMA locking_mode = EXCLUSIVE")
            target.execute("BEGIN EXCLUSIVE")
            target.execute("COMMIT")
            copy.backup(target, pages=-1)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise refusals.in_use() from None
            raise
        target.execute("PRAGMA journal_mode = WAL")
