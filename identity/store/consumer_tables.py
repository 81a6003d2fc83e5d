"""The tables of those who follow the log: how far they came, what they have done, and where a decision has arrived."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from identity.store import columns
from identity.store.columns import Row, key, position, text, time
from identity.store.dialect import CLUSTERED, NEVER_REUSED, partial_index


class ConsumerRow(Row, table=True):
    """Somebody who follows the log, how far, and which process does so at the moment."""

    __tablename__ = "consumer"

    name: str = key(primary_key=True)
    position: int = columns.number()
    beat_at: datetime | None = time(default=None)
    failures: int = columns.number()
    failing_since: datetime | None = time(default=None)
    retry_at: datetime | None = time(default=None)
    holder: str | None = text(default=None)
    epoch: int = columns.number()
    held_until: datetime | None = time(default=None)


class InboxRow(Row, table=True):
    """An event that a consumer has dealt with: written with what it did about it."""

    __tablename__ = "inbox"
    __table_args__ = (CLUSTERED,)

    consumer: str = key(primary_key=True)
    event_id: str = key(primary_key=True)
    at: datetime = time()
    outcome: str = text()


class LoyaltyMergeRow(Row, table=True):
    """A merge that was asked of the loyalty platform. Lists and maps are JSON. Rows are never deleted."""

    __tablename__ = "loyalty_merge"
    __table_args__ = (
        Index("uq_loyalty_merge_key", "key", unique=True),
        partial_index("ix_loyalty_merge_active", "number", where="status IN ('asked', 'done', 'shortfall')"),
        NEVER_REUSED,
    )

    number: int | None = position()
    key: str = columns.key()
    program: str = text()
    golden_id: str = columns.key()
    causation: str = text()
    asked: str = text()
    sides: str = text()
    versions: str = text()
    at: datetime = time()
    status: str = text()
    merge_id: str = text()
    survivor: str = text()
    ledger_entries: str = text()
    points_moved: int = columns.number()
    warnings: str = text()
    code: str = text()
    shortfall: int = columns.number()


class LoyaltyMergedRow(Row, table=True):
    """Whom a merge is about, by the numbers of their records."""

    __tablename__ = "loyalty_merged"
    __table_args__ = (CLUSTERED,)

    member: str = key(primary_key=True)
    merge: int = columns.number(primary_key=True)


class PropagationRow(Row, table=True):
    """How far a decision has come at a consumer."""

    __tablename__ = "propagation"
    __table_args__ = (CLUSTERED,)

    causation: str = key(primary_key=True)
    consumer: str = key(primary_key=True)
    status: str = text()
    code: str = text()
    at: datetime = time()


class ReconciliationRow(Row, table=True):
    """What the last comparison with another system found: kinds, counts and golden ids, as JSON; since when the next
    one goes on, and why the last one failed ("": it did not)."""

    __tablename__ = "reconciliation"
    __table_args__ = (CLUSTERED,)

    system: str = key(primary_key=True)
    at: datetime | None = time(default=None)
    actor: str = text()
    begun_at: datetime | None = time(default=None)
    failure: str = text()
    report: str = text()
