"""Who was erased, kept beside the database: a backup that is restored does not know. Opaque ids and digests only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from identity.model.cluster import GoldenId
from identity.model.errors import StoreError
from identity.model.privacy import Erasure

__all__ = ["ErasureJournal"]


@dataclass(frozen=True, slots=True)
class ErasureJournal:
    """A file with a line for each erasure of each database (`database` is its name). It only grows."""

    path: Path
    database: str

    def append(self, erasure: Erasure) -> None:
        """Write an erasure down, on disk when this returns. StoreError E420 where that is not possible."""
        line = {
            "database": self.database,
            "erasure_id": erasure.erasure_id,
            "golden_ids": erasure.golden_ids,
            "records": erasure.records,
            "marks": sorted(erasure.marks),
            "at": erasure.at.isoformat(),
        }
        with self._reached():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            opened = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode=0o600)
            with os.fdopen(opened, "ab") as file:
                if not self._whole():  # whoever wrote last was killed half-way
                    file.write(b"\n")
                file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
                file.flush()
                os.fsync(file.fileno())

    def _whole(self) -> bool:
        with self.path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def erasures(self) -> list[Erasure]:
        """Return what was written of this database, in order. A line that broke off is none."""
        with self._reached():
            lines = self.path.read_bytes().split(b"\n") if self.path.exists() else []
        return [erasure for line in lines if line if (erasure := self._read(line)) is not None]

    def _read(self, line: bytes) -> Erasure | None:
        try:
            told = orjson.loads(line)
        except ValueError:
            return None
        if told["database"] != self.database:
            return None
        return Erasure(
            told["erasure_id"],
            tuple(GoldenId(each) for each in told["golden_ids"]),
            told["records"],
            frozenset(told["marks"]),
            datetime.fromisoformat(told["at"]),
        )

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise StoreError(
                "E420",
                f"The journal of erasures cannot be used: {problem.strerror}.",
                "Let IDENTITY_ERASURES name a file that is there, beside the backups and not in them.",
            ) from problem
