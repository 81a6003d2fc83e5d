"""What is kept beside records of what systems send: deletions, wishes, how far was read, files that were loaded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from identity.model.intake import PrivacyWish
from identity.model.record import RecordKey

__all__ = ["IntakeBook"]


class IntakeBook(Protocol):
    """Each call is a unit of work of its own, and may be repeated."""

    def bury(self, deletions: Mapping[RecordKey, datetime]) -> None:
        """Keep when each of these records was deleted where it comes from; of several moments the latest."""
        ...

    def buried(self, keys: Collection[RecordKey]) -> dict[RecordKey, datetime]:
        """Return when those of these records were deleted that ever were."""
        ...

    def wish(self, wish: PrivacyWish) -> None:
        """Keep a wish, unless its message is known."""
        ...

    def wishes(self, *, every: bool = False) -> tuple[PrivacyWish, ...]:
        """Return the wishes that are open, or all of them, the most pressing first."""
        ...

    def close_wish(self, number: int, at: datetime) -> bool:
        """Say that a wish was seen to; False where none of this number was open."""
        ...

    def cursor(self, name: str) -> str | None:
        """Return how far a reader came, in its own words."""
        ...

    def put_cursor(self, name: str, value: str, at: datetime) -> None: ...

    def dropped(self, source: str, digest: str) -> str | None:
        """Return the report (JSON) of the file of this content that was loaded, None where none was."""
        ...

    def put_dropped(self, source: str, digest: str, file: str, report: str, at: datetime) -> None:
        """Keep that a file was loaded, and how it went."""
        ...
