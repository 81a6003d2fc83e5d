"""Where files wait: uploads until they are worked off, exports until they are fetched. Whoever serves is its owner
alone."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from identity.model.errors import FileError

__all__ = ["Spool"]

_PART = ".part"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


@contextmanager
def _kept() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise FileError(
            "E222", "The file cannot be kept now.", "Send it later; operators look after IDENTITY_SPOOL."
        ) from problem


@dataclass(frozen=True, slots=True)
class Spool:
    """Files named after their job. One that is still being written ends in .part, and belongs to nobody."""

    folder: Path

    def upload(self, job_id: str) -> Path:
        return self.folder / f"{job_id}.ndjson"

    def export(self, job_id: str, form: str) -> Path:
        return self.folder / f"{job_id}.export.{form}"

    async def receive(self, name: str, chunks: AsyncIterator[bytes]) -> Path:
        """Write what arrives into a part of its own, and return it. FileError E222 where that is not possible."""
        part = self.folder / f"{name}{_PART}"
        with _kept():
            self.open()
            file = os.fdopen(os.open(part, _NEW, mode=0o600), "wb")
        try:
            with file:
                async for chunk in chunks:
                    with _kept():
                        file.write(chunk)
                with _kept():
                    file.flush()
                    os.fsync(file.fileno())
        except BaseException:
            part.unlink()
            raise
        return part

    def open(self) -> None:
        """Make the folder, for its owner alone. Others get no further, whatever the files in it allow."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def forget(self, age: timedelta) -> int:
        """Remove what has lain there for so long, and return how many files that were."""
        until, gone = time.time() - age.total_seconds(), 0
        for file in self.folder.glob("*") if self.folder.is_dir() else ():
            if file.is_file() and file.stat().st_mtime < until:
                file.unlink(missing_ok=True)
                gone += 1
        return gone
