"""The tables of what is still to be done about what people asked."""

from __future__ import annotations

from identity.store.columns import Row, key
from identity.store.dialect import CLUSTERED

__all__ = ["ErasureErrandRow"]


class ErasureErrandRow(Row, table=True):
    """An account of somebody who was erased, which its consumer has not forgotten yet."""

    __tablename__ = "erasure_errand"
    __table_args__ = (CLUSTERED,)

    erasure_id: str = key(primary_key=True)
    consumer: str = key(primary_key=True)
    number: str = key(primary_key=True)
