"""The tables of what people ask about themselves, and of who was erased."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from identity.store.columns import Row, given_number, key, text, time
from identity.store.dialect import CLUSTERED

__all__ = ["PrivacyReceiptRow", "PrivacyRequestRow", "SuppressionRow"]


class SuppressionRow(Row, table=True):
    """A mark of somebody who was erased; a keyed digest, from which nothing can be read."""

    __tablename__ = "suppression"
    __table_args__ = (Index("ix_suppression_erasure", "erasure_id"),)

    mark: int = given_number()
    erasure_id: str = key()
    since: datetime = time()


class PrivacyRequestRow(Row, table=True):
    """What somebody asked about a person, and what came of it (JSON: counts and opaque ids)."""

    __tablename__ = "privacy_request"
    __table_args__ = (
        Index("ix_privacy_request_golden_id", "golden_id"),
        Index("ix_privacy_request_due", "status", "due_at"),
    )

    request_id: str = key(primary_key=True)
    kind: str = text()
    golden_id: str = key()
    status: str = text()
    received_at: datetime = time()
    due_at: datetime = time()
    actor: str = text()
    check: str = text()
    reason: str = text()
    decided_at: datetime | None = time(default=None)
    report: str = text()
    wanted: str | None = text(default=None)


class PrivacyReceiptRow(Row, table=True):
    """What a consumer has said of an erasure it was told of."""

    __tablename__ = "privacy_receipt"
    __table_args__ = (CLUSTERED,)

    request_id: str = key(primary_key=True)
    consumer: str = key(primary_key=True)
    status: str = text()
    at: datetime = time()
