"""DuckDB as everything here opens it: in memory, spilling into a private folder that is gone afterwards."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

import duckdb

from identity.model.errors import ModelError

__all__ = ["forget_spills", "lacks_room", "workbench"]

_PREFIX = "identity-spill-"
_MADE, _HELD = "made", "held"
_SIGNS = (
    "no space left",
    "disk quota",
    "file too large",
    "could not write all bytes",
    "attempted to write 0 bytes",
    "max_temp_directory_size",
)


@contextmanager
def workbench(
    threads: int | None = None, memory: str = "", spill: str = ""
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database that takes so many threads, and so much memory before it spills: into a folder of its own below
    `spill`, or where temporary files lie (TMPDIR). ModelError E609 where there is no room, or no such folder."""
    try:
        with (
            _private(spill) as folder,
            duckdb.connect(config={"temp_directory": str(folder)}) as connection,
        ):
            if threads is not None:
                connection.execute(f"set threads={threads}")
            if memory:
                connection.execute(f"set memory_limit='{memory}'")
            yield connection
    except duckdb.Error as problem:
        if not lacks_room(problem):
            raise
        # The cause is dropped on purpose: databases quote values in their messages.
        raise _no_room() from None


def lacks_room(problem: duckdb.Error) -> bool:
    """Tell a lack of memory or disk from whatever else DuckDB may say: a file that is missing, or cannot be read."""
    if isinstance(problem, duckdb.OutOfMemoryException):
        return True
    told = str(problem).lower()
    return isinstance(problem, duckdb.IOException) and any(sign in told for sign in _SIGNS)


def forget_spills(below: str = "") -> None:
    """Remove the folders that nobody holds: whoever made them was killed, and what lies there is personal."""
    with suppress(OSError):  # where there is nowhere to spill, nothing was spilled
        for folder in Path(below or tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            with suppress(OSError), (folder / _HELD).open("r+") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _clear(folder)
                shutil.rmtree(folder)


def _clear(folder: Path) -> None:
    """Remove what lies there but for what tells that nobody holds it: whoever is cut short here is followed up."""
    for each in folder.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        elif each.name != _HELD:
            each.unlink()


@contextmanager
def _private(below: str) -> Iterator[Path]:
    """Make a folder that only its owner may enter. Those of killed processes go first: they may have the room."""
    forget_spills(below)
    with ExitStack() as stack:
        try:
            made = tempfile.TemporaryDirectory(prefix=_PREFIX, dir=below or None, ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(made))
            stack.enter_context(_hold(folder))
        except OSError:
            raise _no_folder() from None
        yield folder


def _hold(folder: Path) -> IO[str]:
    """Lock a file before it gets its name: a folder with a file of this name that is free has lost who made it."""
    held = (folder / _MADE).open("w")
    fcntl.flock(held, fcntl.LOCK_EX)
    (folder / _MADE).rename(folder / _HELD)
    return held


def _no_room() -> ModelError:
    return ModelError(
        "E609",
        "There is not enough room to work on these records; nothing of this work was kept.",
        "Let it have more memory (IDENTITY_MEMORY), or make room where temporary files lie (TMPDIR).",
    )


def _no_folder() -> ModelError:
    return ModelError(
        "E609",
        "No folder can be made for what does not fit into memory; nothing was begun.",
        "Let TMPDIR name a folder that may be written to, and that has room.",
    )
