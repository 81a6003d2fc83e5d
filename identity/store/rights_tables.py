"""The tables of what is still to be done about what people asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from identity.store.columns import Row, key, number, text, time
from identity.store.dialect import CLUSTERED

__all__ = ["ErasureErrandRow", "RestrictionMarkRow", "RestrictionRow"]


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
