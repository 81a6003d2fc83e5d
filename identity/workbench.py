"""DuckDB as everything here opens it: in memory, spilling into a private folder that is gone afterwards."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import duckdb

from identity.model.errors import ModelError

__all__ = ["workbench"]

_PREFIX = "identity-spill-"
_HELD = "held"
_YOUNG = 60.0  # seconds; one that is being made is not held yet


@contextmanager
def workbench(
    threads: int | None = None, memory: str = "", spill: str = ""
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database that takes so many threads, and so much memory before it spills: into a folder of its own below
    `spill`, or where temporary files lie (TMPDIR). ModelError E609 where there is no room."""
    try:
        with (
            _private(spill or tempfile.gettempdir()) as folder,
            duckdb.connect(config={"temp_directory": str(folder)}) as connection,
        ):
            if threads is not None:
                connection.execute(f"set threads={threads}")
            if memory:
                connection.execute(f"set memory_limit='{memory}'")
            yield connection
    except (duckdb.OutOfMemoryException, duckdb.IOException) as problem:
        if not _is_room(problem):
            raise
        # The cause is dropped on purpose: databases quote values in their messages.
        raise _no_room() from None


@contextmanager
def _private(below: str) -> Iterator[Path]:
    """Make a folder that only its owner may enter: what is spilled is personal. Those of killed processes go first."""
    _sweep(below)
    try:
        made = tempfile.TemporaryDirectory(prefix=_PREFIX, dir=below, ignore_cleanup_errors=True)
        held = (Path(made.name) / _HELD).open("w")
    except OSError:  # no such folder, no right to write there, or no room for as much as a name
        raise _no_room() from None
    with made as folder, held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield Path(folder)


@cache
def _sweep(below: str) -> None:
    """Remove, once in a process, the folders that nobody holds: whoever made them was killed."""
    for folder in Path(below).glob(f"{_PREFIX}*"):
        with suppress(OSError), (folder / _HELD).open("r+") as held:
            if time.time() - folder.stat().st_mtime > _YOUNG:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)


def _no_room() -> ModelError:
    return ModelError(
        "E609",
        "There is not enough room to work on these records; nothing of this work was kept.",
        "Let it have more memory (IDENTITY_MEMORY), or make room where temporary files lie (TMPDIR).",
    )


def _is_room(problem: duckdb.Error) -> bool:
    told = str(problem).lower()
    return isinstance(problem, duckdb.OutOfMemoryException) or any(sign in told for sign in _SIGNS)


_SIGNS = ("space left", "no space", "max_temp_directory_size", "could not write", "disk quota")
