"""The tables of what systems send beside records."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint

from identity.store import columns
from identity.store.columns import Row, key, text, time
from identity.store.dialect import CLUSTERED, NEVER_REUSED, partial_index


class ToldDeletionRow(Row, table=True):
    """That a system has deleted a record, and when: what it told before that may still be on its way."""

    __tablename__ = "told_deletion"
    __table_args__ = (CLUSTERED,)

    source: str = key(primary_key=True)
    source_record_id: str = key(primary_key=True)
    at: datetime = time()


class PrivacyWishRow(Row, table=True):
    """What the law has a system pass on, and by when it is to be done. Rows are closed, never deleted."""

    __tablename__ = "privacy_wish"
    __table_args__ = (
        UniqueConstraint("source", "message_id", name="uq_privacy_wish_message"),
        partial_index("ix_privacy_wish_open", "due_at", where="closed_at IS NULL"),
        NEVER_REUSED,
    )

    number: int | None = columns.position()
    source: str = key()
    message_id: str = key()
    kind: str = text()
    source_record_id: str | None = key(default=None)
    asked_at: datetime = time()
    due_at: datetime = time()
    closed_at: datetime | None = time(default=None)


class PollCursorRow(Row, table=True):
    """How far a system was read that has to be asked."""

    __tablename__ = "poll_cursor"

    name: str = key(primary_key=True)
    value: str = text()
    changed_at: datetime = time()


class DroppedFileRow(Row, table=True):
    """A file of a watched folder that was loaded, by its content; the report is JSON."""

    __tablename__ = "dropped_file"
    __table_args__ = (CLUSTERED,)

    source: str = key(primary_key=True)
    digest: str = key(primary_key=True)
    file: str = text()
    report: str = text()
    loaded_at: datetime = time()
