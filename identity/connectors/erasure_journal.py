"""Who was erased, kept beside the database: a backup that is restored does not know. Opaque ids and digests only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import orjson

from identity.connectors import journals
from identity.model.cluster import GoldenId
from identity.model.privacy import Erasure

__all__ = ["ErasureJournal"]

_reached = partial(journals.reached, "erasures", "IDENTITY_ERASURES")


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
        with _reached():
            journals.append(self.path, [line])

    def erasures(self) -> list[Erasure]:
        """Return what was written of this database, in order. A line that broke off is none."""
        with _reached():
            lines = journals.lines(self.path)
        return [erasure for line in lines if (erasure := self._read(line)) is not None]

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
