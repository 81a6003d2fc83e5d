"""What is done again and again, and how it went the last time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Duty"]

DONE = "done"


@dataclass(frozen=True, slots=True)
class Duty:
    """A task by its name. `outcome` is `done`, or the word of what stood in the way; `failures` are those in a row;
    `done_at` is when it was done last."""

    name: str
    began_at: datetime
    ended_at: datetime
    outcome: str = DONE
    failures: int = 0
    done_at: datetime | None = None
