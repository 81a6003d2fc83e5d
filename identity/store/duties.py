"""What is done again and again: when last, and how it ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from identity.model.duty import DONE, Duty
from identity.ports import Clock
from identity.store.dialect import Database, Statement
from identity.store.tables import TABLES

__all__ = ["Duties"]

_DUTY = TABLES["duty"].c
_NOTE = Statement(
    "INSERT INTO duty (name, began_at, ended_at, outcome, failures, done_at)"
    " VALUES (:name, :began, :ended, :outcome, :failures, :done)"
    " ON CONFLICT (name) DO UPDATE SET began_at = excluded.began_at, ended_at = excluded.ended_at,"
    " outcome = excluded.outcome, done_at = coalesce(excluded.done_at, duty.done_at),"
    " failures = CASE WHEN excluded.failures = 0 THEN 0 ELSE duty.failures + 1 END"
)


class Duties:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def note(self, name: str, began: datetime, outcome: str = DONE) -> None:
        """Keep that a duty ended just now, and how."""
        ended, done = self._clock.now(), outcome == DONE
        asked = _NOTE.of(
            name=name, began=began, ended=ended, outcome=outcome, failures=int(not done),
            done=ended if done else None,
        )  # fmt: skip
        with self._database.write() as connection:
            connection.execute(asked)

    def all(self) -> tuple[Duty, ...]:
        """Return all that were ever begun, by name."""
        with self._database.read() as look:
            rows = look.execute(select(*_DUTY).order_by(_DUTY.name)).all()
        return tuple(Duty(**row._mapping) for row in rows)
