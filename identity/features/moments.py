"""Moments as texts say them."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["moment"]


def moment(text: object) -> datetime | None:
    """Return a moment in UTC; as if in UTC where the text names no offset. None for what is none."""
    try:
        found = datetime.fromisoformat(str(text))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
