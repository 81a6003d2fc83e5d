"""A folder that another system drops files into: which of them are whole, and where they go when they are done with.

FOLDER/kasse-17.csv          dropped; taken once its size and time stand still
FOLDER/kasse-18.csv.part     still being written
FOLDER/done/kasse-17.csv     loaded; kasse-17.csv.report.json beside it says where its rows went
FOLDER/failed/kasse-16.csv   cannot be read; the report says why
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from identity.model.errors import FileError

__all__ = ["DONE", "FAILED", "Drops", "digest_of"]

DONE, FAILED = "done", "failed"
_UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload")
_Shape = tuple[int, int, int]


@dataclass(slots=True)
class Drops:
    """One folder. `still` is for how many seconds a file has to stand still before it is taken for whole."""

    folder: Path
    still: float
    _seen: dict[str, tuple[_Shape, float]] = field(default_factory=dict)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See to it that nobody else watches the folder on this machine. FileError E223, E224."""
        if not self.folder.is_dir():
            raise FileError("E223", f"{self.folder} is no folder.")
        with (self.folder / ".watched").open("w") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise FileError("E224", f"{self.folder} is watched already.") from None
            yield

    def whole(self, now: float) -> list[Path]:
        """Return the files that have stood still for long enough, by name; `now` is in seconds of any clock."""
        found = dict(self._dropped())
        self._seen = {
            name: self._seen[name] if name in self._seen and self._seen[name][0] == shape else (shape, now)
            for name, shape in found.items()
        }
        stood = [name for name, (_, since) in self._seen.items() if now - since >= self.still]
        return [self.folder / name for name in sorted(stood)]

    def move(self, file: Path, into: str, report: Mapping[str, Any]) -> Path:
        """Put a file aside with a report beside it, and return where it is. What is there of this name stays."""
        home = self.folder / into
        home.mkdir(exist_ok=True)
        place = _free(home, file)
        beside = place.with_name(f"{place.name}.report.json")
        written = beside.with_name(f".{beside.name}.new")
        written.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2, default=str))
        written.replace(beside)
        file.replace(place)
        return place

    def _dropped(self) -> Iterator[tuple[str, _Shape]]:
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.lower().endswith(_UNFINISHED):
                    continue
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:  # renamed at this moment
                    continue
                # A link could lead anywhere: only what lies here is read.
                if stat.S_ISREG(found.st_mode):
                    yield entry.name, (found.st_ino, found.st_size, found.st_mtime_ns)


def _free(home: Path, file: Path) -> Path:
    names = [file.name, *(f"{file.stem}.{n}{file.suffix}" for n in range(2, 100_000))]
    return next(home / name for name in names if not (home / name).exists())


def digest_of(file: Path) -> str:
    """Return what files of the same content share."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
