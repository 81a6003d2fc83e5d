"""DuckDB as everything here uses it: in memory, spilling into a private folder that is gone afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from identity.model.errors import ModelError

__all__ = ["workbench"]


@contextmanager
def workbench(
    threads: int | None = None, memory: str = "", spill: str = ""
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory that takes so many threads, and so much memory before it spills to the disk: into a
    folder of its own below `spill`, or where temporary files lie (TMPDIR). ModelError E609 where there is no room."""
    try:
        # What is spilled is personal: for its owner alone, and nowhere once the work is done.
        with (
            tempfile.TemporaryDirectory(
                prefix="identity-", dir=spill or None, ignore_cleanup_errors=True
            ) as folder,
            duckdb.connect(config={"temp_directory": folder}) as connection,
        ):
            if threads is not None:
                connection.execute(f"set threads={threads}")
            if memory:
                connection.execute(f"set memory_limit='{memory}'")
            yield connection
    except (duckdb.OutOfMemoryException, duckdb.IOException) as problem:
        if not _is_room(problem):
            raise
        raise no_room() from None


def no_room() -> ModelError:
    return ModelError(
        "E609",
        "There is no room to compare in: memory and the disk that it spills to are used up; nothing was changed.",
        "Make room where temporary files lie (TMPDIR), or raise IDENTITY_MEMORY; then begin again.",
    )


def _is_room(problem: duckdb.Error) -> bool:
    told = str(problem).lower()
    return isinstance(problem, duckdb.OutOfMemoryException) or "space left" in told
