"""What systems send us beside records: that one is gone, and what the law has them pass on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from identity.model.record import RecordKey

__all__ = ["FOR_GOOD", "PrivacyWish", "WishKind"]

FOR_GOOD = datetime(9998, 12, 31, tzinfo=UTC)
"""The moment of a deletion after which its system gives the id to nobody: whatever it told before comes too late."""


class WishKind(StrEnum):
    """What a system passes on: somebody wants to know what is kept of them, or that it is erased; or all of a shop."""

    DISCLOSE = "disclose"
    ERASE = "erase"
    ERASE_SOURCE = "erase_source"


@dataclass(frozen=True, slots=True)
class PrivacyWish:
    """One of these, to be seen to by `due_at`. `key` is the record it is about; None: all of the source's.

    `message_id` is what its sender calls it: told twice it is kept once. `number` is 0 until it is kept.
    """

    source: str
    message_id: str
    kind: WishKind
    asked_at: datetime
    due_at: datetime
    key: RecordKey | None = None
    closed_at: datetime | None = None
    number: int = 0
