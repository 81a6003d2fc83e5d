"""loyalty: whether a record is an account of the loyalty platform, whose balances follow the person it belongs to."""

from __future__ import annotations

from identity.model.record import SourceRecord

__all__ = ["bears_loyalty"]


def bears_loyalty(record: SourceRecord) -> bool:
    """Say whether a record bears a loyalty id."""
    return bool(record.attributes.get("loyalty_id"))
