"""The table of what was written to the ERP."""

from __future__ import annotations

from identity.store.columns import Row, key, text
from identity.store.dialect import CLUSTERED


class ErpWrittenRow(Row, table=True):
    """What an account of the ERP was last told: a golden id (null: none), and a keyed digest of the values."""

    __tablename__ = "erp_written"
    __table_args__ = (CLUSTERED,)

    number: str = key(primary_key=True)
    golden_id: str | None = key(default=None)
    digest: str = text()
