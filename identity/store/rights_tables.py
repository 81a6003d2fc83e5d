"""The tables of what is still to be done about what people asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from identity.store.columns import Row, key, number, position, text, time
from identity.store.dialect import CLUSTERED, NEVER_REUSED

__all__ = [
    "ErasureErrandRow",
    "RestrictionMarkRow",
    "RestrictionRow",
    "ValueOverrideRecordRow",
    "ValueOverrideRow",
]


class ErasureErrandRow(Row, table=True):
    """An account of somebody who was erased, which its consumer has not forgotten yet."""

    __tablename__ = "erasure_errand"
    __table_args__ = (CLUSTERED,)

    erasure_id: str = key(primary_key=True)
    consumer: str = key(primary_key=True)
    number: str = key(primary_key=True)


class RestrictionRow(Row, table=True):
    """A record of somebody who does not want to be used: kept, and neither matched nor told about."""

    __tablename__ = "restriction"
    __table_args__ = (
        Index("ix_restriction_request", "request_id"),
        Index("ix_restriction_golden_id", "golden_id"),
    )

    source: str = key(primary_key=True)
    source_record_id: str = key(primary_key=True)
    request_id: str = key(primary_key=True)
    golden_id: str = key()
    since: datetime = time()


class RestrictionMarkRow(Row, table=True):
    """An identifier value of such a record, as a keyed digest: whoever is reached by it is not."""

    __tablename__ = "restriction_mark"
    __table_args__ = (Index("ix_restriction_mark_record", "source", "source_record_id"), CLUSTERED)

    value: int = number(primary_key=True)
    source: str = key(primary_key=True)
    source_record_id: str = key(primary_key=True)
    kind: str = text()


class ValueOverrideRow(Row, table=True):
    """A value that a person gave in the place of what records say; who and why stands with the operation."""

    __tablename__ = "value_override"
    __table_args__ = (Index("ix_value_override_operation", "operation_id"),)

    override_id: str = key(primary_key=True)
    operation_id: str = key()
    attribute: str = text()
    value: str = text()
    origin: str = text()
    at: datetime = time()
    ended_at: datetime | None = time(default=None)


class ValueOverrideRecordRow(Row, table=True):
    """A record that said what was put right, and how it spelled that."""

    __tablename__ = "value_override_record"
    __table_args__ = (
        Index("ix_value_override_record", "source", "source_record_id"),
        Index("ix_value_override_record_override", "override_id"),
        NEVER_REUSED,
    )

    id: int | None = position()
    override_id: str = key()
    source: str = key()
    source_record_id: str = key()
    said: str | None = text(default=None)
