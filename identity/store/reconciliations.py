"""What the last comparison with each other system found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select

from identity.ports import Clock
from identity.store.dialect import Database, Statement
from identity.store.tables import TABLES

__all__ = ["Reconciliation", "Reconciliations"]

_ROW = TABLES["reconciliation"].c
_BEGIN = Statement(
    "INSERT INTO reconciliation (system, actor, begun_at, failure, report) VALUES (:system, :actor, :at, '', '{{}}')"
    " ON CONFLICT (system) DO UPDATE SET begun_at = excluded.begun_at"
)
_PUT = Statement(
    "UPDATE reconciliation SET at = :at, actor = :actor, report = :report, failure = '', begun_at = NULL"
    " WHERE system = :system"
)
_FAIL = Statement("UPDATE reconciliation SET failure = :code, begun_at = NULL WHERE system = :system")


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A comparison: with which system, when (None: never yet), by whom, and what it found. `begun_at`: another one goes
    on since then. `failure`: the code for which the last one has come to nothing, "" where it has not."""

    system: str
    at: datetime | None
    actor: str
    begun_at: datetime | None
    failure: str
    report: Mapping[str, Any]


class Reconciliations:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, system: str, actor: str) -> None:
        """Keep that a comparison goes on. What the one before has found stays to be seen."""
        self._put(_BEGIN.of(system=system, actor=actor, at=self._clock.now()))

    def put(self, system: str, actor: str, report: Mapping[str, Any]) -> None:
        """Keep what it has found, in the place of the one before: counts and golden ids."""
        told = {
            "system": system,
            "at": self._clock.now(),
            "actor": actor,
            "report": orjson.dumps(report).decode(),
        }
        self._put(_PUT.of(**told))

    def fail(self, system: str, code: str) -> None:
        """Keep why it has come to nothing."""
        self._put(_FAIL.of(system=system, code=code))

    def _put(self, asked: Any) -> None:
        with self._database.write() as connection:
            connection.execute(asked)

    def every(self) -> dict[str, Reconciliation]:
        """Return the last comparison with each system that was ever compared."""
        columns = [_ROW[name] for name in Reconciliation.__slots__]
        with self._database.read() as look:
            rows: list[Any] = list(look.execute(select(*columns)))
        found = [Reconciliation(*row) for row in rows]
        return {each.system: replace(each, report=orjson.loads(str(each.report))) for each in found}
