"""The tables of what callers asked for: requests that may be repeated, and long work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from identity.store.columns import Row, key, text, time
from identity.store.dialect import CLUSTERED


class IdempotencyRow(Row, table=True):
    """A request that a client gave a key, and what it was answered (null: it is being worked on)."""

    __tablename__ = "idempotency"
    __table_args__ = (Index("ix_idempotency_begun", "begun_at"), CLUSTERED)

    client: str = key(primary_key=True)
    request_key: str = key(primary_key=True)
    fingerprint: str = text()
    operation_id: str = key()
    attempt: int
    begun_at: datetime = time()
    held_until: datetime = time()
    status: int | None = None
    reply: str | None = text(default=None)


class JobRow(Row, table=True):
    """Long work: who asked for what, how far it is, what came of it (both JSON)."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_status", "status", "created_at"),)

    job_id: str = key(primary_key=True)
    kind: str = text()
    status: str = text()
    client: str = key()
    correlation_id: str | None = text(default=None)
    created_at: datetime = time()
    beat_at: datetime | None = time(default=None)
    finished_at: datetime | None = time(default=None)
    attempts: int
    asked: str = text()
    report: str = text()
