"""cutover: the records of a source, or of one of its countries, take effect from a moment on, until that is undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from identity.model.record import RecordKey

__all__ = ["Cutover", "CutoverStatus", "Waiting"]


class CutoverStatus(StrEnum):
    GOING = "going"
    LIVE = "live"
    GOING_BACK = "going_back"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Cutover:
    """`country` (ISO 3166 alpha-2; "": every one) says whose records take effect since `started_at`; those that tell
    no country count as of `home`. What is told since in shadow mode takes effect too, while it stands."""

    cutover_id: str
    source: str
    country: str
    home: str
    status: CutoverStatus
    actor: str
    started_at: datetime
    ended_at: datetime | None = None

    @property
    def stands(self) -> bool:
        return self.status in (CutoverStatus.GOING, CutoverStatus.LIVE)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stored record by its number, with the country it tells ("": none)."""

    number: int
    key: RecordKey
    country: str
