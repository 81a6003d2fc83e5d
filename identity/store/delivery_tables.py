"""The tables of what leaves: who is told, what is held back, what was given up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from identity.store import columns
from identity.store.columns import Row, key, text, time
from identity.store.dialect import CLUSTERED, NEVER_REUSED, partial_index


class SubscriberRow(Row, table=True):
    """Somebody who is told, how far, and who is delivering to it at the moment (JSON lists of types, of the names of
    secrets, and of the groups that read a stream)."""

    __tablename__ = "subscriber"

    name: str = key(primary_key=True)
    kind: str = text()
    address: str = text()
    types: str = text()
    secrets: str = text()
    readers: str = text()
    status: str = text()
    reason: str = text()
    created_at: datetime = time()
    changed_at: datetime = time()
    position: int = columns.number()
    horizon: int = columns.number()
    generation: int = columns.number()
    log: str = text()
    failures: int = columns.number()
    failing_since: datetime | None = time(default=None)
    retry_at: datetime | None = time(default=None)
    holder: str | None = text(default=None)
    epoch: int = columns.number()
    held_until: datetime | None = time(default=None)


class HeldEventRow(Row, table=True):
    """An event that was not delivered yet though its turn has passed."""

    __tablename__ = "held_event"
    __table_args__ = (
        Index("ix_held_event_subject", "follower", "subject", "position"),
        Index("ix_held_event_next", "follower", "next_at"),
        CLUSTERED,
    )

    follower: str = key(primary_key=True)
    position: int = columns.number(primary_key=True)
    subject: str = key()
    attempts: int = columns.number()
    first_at: datetime = time()
    next_at: datetime = time()
    last_at: datetime | None = time(default=None)
    code: str = text()
    detail: str = text()


class DeadLetterRow(Row, table=True):
    """An event that a follower was given up on. Rows are closed, never deleted."""

    __tablename__ = "dead_letter"
    __table_args__ = (
        partial_index("uq_dead_letter_open", "follower", "event_id", where="status = 'open'", unique=True),
        partial_index("ix_dead_letter_subject", "follower", "subject", where="status = 'open'"),
        Index("ix_dead_letter_status", "status"),
        NEVER_REUSED,
    )

    number: int | None = columns.position()
    follower: str = key()
    subject: str = key()
    position: int = columns.number()
    event_id: str = key()
    code: str = text()
    detail: str = text()
    attempts: int = columns.number()
    first_at: datetime = time()
    last_at: datetime = time()
    status: str = text()
    closed_at: datetime | None = time(default=None)
    payload: str = text()
