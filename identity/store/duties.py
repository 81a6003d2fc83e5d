"""What is done again and again: when last, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select

from identity.model.duty import DONE, Duty
from identity.ports import Clock
from identity.store.dialect import Database, Statement
from identity.store.tables import TABLES

__all__ = ["Duties"]

_DUTY = TABLES["duty"].c
_NOTE = Statement(
    "INSERT INTO duty (name, began_at, ended_at, outcome, failures, done_at, report)"
    " VALUES (:name, :began, :ended, :outcome, :failures, :done, :report)"
    " ON CONFLICT (name) DO UPDATE SET began_at = excluded.began_at, ended_at = excluded.ended_at,"
    " outcome = excluded.outcome, done_at = coalesce(excluded.done_at, duty.done_at),"
    " failures = CASE WHEN excluded.failures = 0 THEN 0 ELSE duty.failures + 1 END,"
    " report = CASE WHEN excluded.failures = 0 THEN excluded.report ELSE duty.report END"
)


class Duties:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def note(
        self, name: str, began: datetime, outcome: str = DONE, report: Mapping[str, Any] | None = None
    ) -> None:
        """Keep that a duty ended just now. One that was not done keeps what it found before."""
        ended, done = self._clock.now(), outcome == DONE
        told = orjson.dumps(dict(report or {})).decode()
        asked = _NOTE.of(
            name=name, began=began, ended=ended, outcome=outcome, failures=int(not done),
            done=ended if done else None, report=told,
        )  # fmt: skip
        with self._database.write() as connection:
            connection.execute(asked)

    def all(self) -> tuple[Duty, ...]:
        """Return all that were ever begun, by name."""
        with self._database.read() as look:
            rows = look.execute(select(*_DUTY).order_by(_DUTY.name)).all()
        return tuple(Duty(**{**row._mapping, "report": orjson.loads(row.report)}) for row in rows)
