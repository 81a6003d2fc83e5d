"""Rows that were set aside: why, how they came, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["QuarantineStatus", "SetAside"]


class QuarantineStatus(StrEnum):
    """OPEN waits for somebody; MENDED was taken after all; DROPPED was given up."""

    OPEN = "open"
    MENDED = "mended"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that was not taken, or was taken with a warning. `raw` is how it came; nothing of it is kept once the row
    is closed. `mending_until`: somebody is at it until then. The key of a mended one is that of its record."""

    id: int
    load_id: str
    file: str
    row: int | None
    column: str | None
    source: str
    source_record_id: str | None
    code: str
    message: str
    outcome: str
    raw: str | None
    status: str
    created_at: datetime
    mending_until: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    closed_reason: str | None = None

    @property
    def waits(self) -> bool:
        return self.status == QuarantineStatus.OPEN

    @property
    def mendable(self) -> bool:
        """Whether it can be taken after all: what was taken with a warning is in already."""
        return self.waits and self.outcome == "quarantined"
