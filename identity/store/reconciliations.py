"""What the last comparison with each other system found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select

from identity.ports import Clock
from identity.store.dialect import Database, Statement
from identity.store.tables import TABLES

__all__ = ["Reconciliation", "Reconciliations"]

_ROW = TABLES["reconciliation"].c
_PUT = Statement(
    "INSERT INTO reconciliation (system, at, actor, report) VALUES (:system, :at, :actor, :report)"
    " ON CONFLICT (system) DO UPDATE SET at = excluded.at, actor = excluded.actor, report = excluded.report"
    " WHERE reconciliation.at <= excluded.at"
)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A comparison: with which system, when, by whom, and its report as `identity reconcile` tells it."""

    system: str
    at: datetime
    actor: str
    report: Mapping[str, Any]


class Reconciliations:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def put(self, system: str, actor: str, report: Mapping[str, Any]) -> None:
        """Keep a report in the place of the one before. It names accounts and golden ids, and nobody."""
        told = {
            "system": system,
            "at": self._clock.now(),
            "actor": actor,
            "report": orjson.dumps(report).decode(),
        }
        with self._database.write() as connection:
            connection.execute(_PUT.of(**told))

    def every(self) -> dict[str, Reconciliation]:
        """Return the last comparison with each system that was ever compared."""
        asked = select(_ROW.system, _ROW["at"], _ROW.actor, _ROW.report).order_by(_ROW.system)
        with self._database.read() as look:
            return {
                system: Reconciliation(system, at, actor, orjson.loads(report))
                for system, at, actor, report in look.execute(asked)
            }
