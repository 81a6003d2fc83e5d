"""What a unit of work around a few records knows of sources that go live, and how it turns their records."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from identity.model.cluster import GoldenId
from identity.model.cutover import Cutover, Waiting
from identity.model.record import RecordKey

__all__ = ["CutoverReads", "CutoverWork"]


class CutoverReads(Protocol):
    def cutovers(self, source: str = "") -> list[Cutover]:
        """Return every cutover of a source ("": of all), the oldest first."""
        ...

    def in_mode(self, source: str, mode: str, after: int, most: int) -> list[Waiting]:
        """Return records of a source that are not deleted, by number: the first so many behind `after`."""
        ...

    def memberships_at(self, keys: Collection[RecordKey], moment: datetime) -> dict[RecordKey, GoldenId]:
        """Return the golden id that each of these records was under at a moment."""
        ...

    def elsewhere(self, moment: datetime, after: RecordKey, most: int) -> list[RecordKey]:
        """Return records that are under another golden id now than at a moment, in key order: the first so many behind
        `after`."""
        ...

    def living_on(self, former: Collection[RecordKey]) -> dict[RecordKey, tuple[GoldenId, ...]]:
        """Return the golden ids, in order, that the records of an earlier master's id are under now. Its id is written
        as a record of that master."""
        ...


class CutoverWork(CutoverReads, Protocol):
    def put_cutover(self, cutover: Cutover) -> None:
        """Store a cutover, or what has become of it."""
        ...

    def put_mode(self, keys: Collection[RecordKey], mode: str) -> None:
        """Have stored records take effect ("live") or not ("shadow"), as if they were told now."""
        ...

    def put_former(self, former: Collection[tuple[RecordKey, RecordKey]]) -> None:
        """Store which record an earlier master had under which id of its own; what is known stays."""
        ...
