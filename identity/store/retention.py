"""Records that nobody has told of for long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import or_, select

from identity.model.record import RESTRICTED, RecordKey
from identity.store.dialect import Database
from identity.store.tables import TABLES

__all__ = ["beyond"]

_RECORD = TABLES["source_record"].c
_AT_ONCE = 500


def beyond(database: Database, source: str, moment: datetime) -> Iterator[tuple[RecordKey, str]]:
    """Yield the records of a source, with their mode, that were told last, and observed last, before a moment. Those
    that a person wants kept, though not used, are not among them."""
    old = (
        _RECORD.source == source,
        _RECORD.deleted_at.is_(None),
        _RECORD.mode != RESTRICTED,
        _RECORD.loaded_at < moment,
        or_(_RECORD.observed_at.is_(None), _RECORD.observed_at < moment),
    )
    asked = select(_RECORD.source_record_id, _RECORD.mode).where(*old).order_by(_RECORD.source_record_id)
    after: str | None = None
    while True:
        with database.read() as look:
            further = asked if after is None else asked.where(_RECORD.source_record_id > after)
            found = look.execute(further.limit(_AT_ONCE)).all()
        if not found:
            return
        yield from ((RecordKey(source, row.source_record_id), row.mode) for row in found)
        after = found[-1].source_record_id
