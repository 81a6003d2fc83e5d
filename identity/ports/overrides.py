"""What units of work, and looks that write nothing, know of values that people gave in the place of records' own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from identity.model.override import Override
from identity.model.record import RecordKey

__all__ = ["OverrideReads", "OverrideWork"]


class OverrideReads(Protocol):
    def overrides(self, keys: Collection[RecordKey]) -> list[Override]:
        """Return those that these records are the reason of, and that nobody took back; each with these records."""
        ...


class OverrideWork(OverrideReads, Protocol):
    def put_overrides(self, given: Sequence[Override]) -> None: ...

    def end_overrides(self, operation_id: str) -> None:
        """Take back the values that were given in an operation."""
        ...
