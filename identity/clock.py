"""The present moment."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["SystemClock"]


class SystemClock:
    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)
