"""The tables of what was said of consents. Rows are added and never changed; who is erased takes theirs along."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from identity.store.columns import Row, key, text, time
from identity.store.dialect import CLUSTERED, partial_index


class ConsentFactRow(Row, table=True):
    """An act, and all that proves it. `value` is an identifier as it is compared: erasure finds a person's facts by it
    and by the records they are about."""

    __tablename__ = "consent_fact"
    __table_args__ = (
        partial_index("ix_consent_fact_value", "kind", "value", where="value IS NOT NULL"),
        partial_index("ix_consent_fact_expires", "expires_at", where="expires_at IS NOT NULL"),
    )

    fact_id: str = key(primary_key=True)
    origin: str = text()
    purpose: str = text()
    channel: str = text()
    status: str = text()
    captured_at: datetime | None = time(default=None)
    received_at: datetime = time()
    expires_at: datetime | None = time(default=None)
    source: str = text()
    actor: str = text()
    change_id: str = text()
    kind: str | None = key(default=None)
    value: str | None = key(default=None)
    jurisdiction: str | None = text(default=None)
    basis: str | None = text(default=None)
    notice: str | None = text(default=None)
    evidence: str | None = text(default=None)


class ConsentRecordRow(Row, table=True):
    """Which records the person had whom a fact is about."""

    __tablename__ = "consent_record"
    __table_args__ = (Index("ix_consent_record_fact", "fact_id"), CLUSTERED)

    source: str = key(primary_key=True)
    source_record_id: str = key(primary_key=True)
    fact_id: str = key(primary_key=True)
