"""Files beside the database that only grow, a line of JSON for each thing: what a restored backup does not know."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from identity.model.errors import StoreError

__all__ = ["append", "lines", "reached"]


def append(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write lines at the end of a file, which is made for its owner alone. They are on disk when this returns."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, mode=0o600)
    with os.fdopen(opened, "ab") as file:
        told = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
        file.write(told if _whole(path) else b"\n" + told)  # whoever wrote last was killed half-way
        file.flush()
        os.fsync(file.fileno())


def _whole(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def lines(path: Path) -> list[bytes]:
    """Return the lines of a file; none where it is not there."""
    return [line for line in path.read_bytes().split(b"\n") if line] if path.exists() else []


@contextmanager
def reached(journal: str, setting: str) -> Iterator[None]:
    """Say which journal it is that cannot be used, and which setting names it: StoreError E420."""
    try:
        yield
    except OSError as problem:
        raise StoreError(
            "E420",
            f"The journal of {journal} cannot be used: {problem.strerror}.",
            f"Let {setting} name a place beside the backups and not in them, which can be written to.",
        ) from problem
