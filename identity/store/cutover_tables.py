"""The tables of going live: which sources and countries did, and under which ids an earlier master knew records."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from identity.store.columns import Row, key, text, time
from identity.store.dialect import CLUSTERED


class CutoverRow(Row, table=True):
    """A source, or one of its countries, that took effect from a moment on."""

    __tablename__ = "cutover"
    __table_args__ = (CLUSTERED,)

    cutover_id: str = key(primary_key=True)
    source: str = key()
    country: str = text()
    home: str = text()
    status: str = text()
    actor: str = text()
    started_at: datetime = time()
    ended_at: datetime | None = time(default=None)


class FormerIdRow(Row, table=True):
    """An id that another master gave, and a record that it had under it."""

    __tablename__ = "former_id"
    __table_args__ = (Index("ix_former_id_record", "source", "source_record_id"), CLUSTERED)

    system: str = key(primary_key=True)
    former_id: str = key(primary_key=True)
    source: str = key(primary_key=True)
    source_record_id: str = key(primary_key=True)
