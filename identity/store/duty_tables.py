"""The table of what is done again and again."""

from __future__ import annotations

from datetime import datetime

from identity.store.columns import Row, key, number, text, time
from identity.store.dialect import CLUSTERED

__all__ = ["DutyRow"]


class DutyRow(Row, table=True):
    """A task by its name: when it was done last, how that ended, and how often in a row it has failed."""

    __tablename__ = "duty"
    __table_args__ = (CLUSTERED,)

    name: str = key(primary_key=True)
    began_at: datetime = time()
    ended_at: datetime = time()
    outcome: str = text()
    failures: int = number()
    done_at: datetime | None = time(default=None)
