"""What the database tells whoever watches: how much waits, how long, how old. Counts by words of the code, no person.

What can be had from an index is asked each time; what means to look at a whole table is `Figures.large`. With 200,000
records and 81,000 events that took 104 ms the first time and 5 ms from then on, the tasks that wait 20 ms (SQLite): it
grows with the tables, which is why the API keeps for a while whatever takes long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Select, func, or_, select

from identity.model.run import RunStatus
from identity.store.dialect import Database
from identity.store.tables import TABLES

__all__ = ["Figures", "Large", "Rematch", "Waiting"]

_EVENT = TABLES["event"].c
_TASK = TABLES["review_task"].c
_REQUEST = TABLES["privacy_request"].c
_JOB = TABLES["job"].c
_RUN = TABLES["rematch_run"].c
_REDO = TABLES["redo"].c
_QUARANTINE = TABLES["quarantine"].c
_LOAD = TABLES["load"].c
_FACT = TABLES["consent_fact"].c
_OPERATION = TABLES["operation"].c
_SUBSCRIBER = TABLES["subscriber"].c
_CONSUMER = TABLES["consumer"].c
_RUNS = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much of a kind waits, and since when the oldest does."""

    kind: str
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Rematch:
    """The last re-match of a kind that changed what there was to change: when, how long, and its impact."""

    kind: str
    finished_at: datetime
    seconds: float
    impact: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Large:
    """What is counted over whole tables."""

    events: Mapping[str, int]
    operations: Mapping[str, int]
    consents: Mapping[tuple[str, str, str], int]
    quarantine: Mapping[tuple[str, str], int]
    rows: Mapping[tuple[str, str], int]


class Figures:
    """Read-only. `large` goes on from where it was: of the log only what is new is counted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._events: Counter[str] = Counter()
        self._position = 0

    def reviews(self, now: datetime) -> tuple[Waiting, ...]:
        """Return the tasks that wait for people, by kind; not those that were put off."""
        due = or_(_TASK.deferred_until.is_(None), _TASK.deferred_until <= now)
        asked = select(_TASK.kind, func.count(), func.min(_TASK.opened_at)).where(
            _TASK.closed_at.is_(None), due
        )
        return self._waiting(asked.group_by(_TASK.kind))

    def requests(self) -> tuple[Waiting, ...]:
        """Return what people ask about themselves and is not answered, by kind; `since` is when the first is due."""
        asked = select(_REQUEST.kind, func.count(), func.min(_REQUEST.due_at))
        asked = asked.where(_REQUEST.status.in_(("received", "verified"))).group_by(_REQUEST.kind)
        return self._waiting(asked)

    def requests_overdue(self, now: datetime) -> int:
        asked = select(func.count()).where(
            _REQUEST.status.in_(("received", "verified")), _REQUEST.due_at < now
        )
        return int(self._one(asked))

    def jobs(self) -> Mapping[str, int]:
        """Return how many jobs wait, are worked on, and have failed."""
        wanted = ("queued", "running", "failed")
        asked = select(_JOB.status, func.count()).where(_JOB.status.in_(wanted)).group_by(_JOB.status)
        return dict.fromkeys(wanted, 0) | {status: int(count) for status, count in self._rows(asked)}

    def redo_since(self) -> datetime | None:
        """Return when what waits longest to be decided again was queued."""
        found: datetime | None = self._one(select(func.min(_REDO.queued_at)))
        return found

    def behind_since(self) -> Mapping[tuple[str, str], datetime]:
        """Return since when the first event waits that a subscriber, or a consumer, has not dealt with."""
        found: dict[tuple[str, str], datetime] = {}
        for who, table in (("subscriber", _SUBSCRIBER), ("consumer", _CONSUMER)):
            for name, position in self._rows(select(table.name, table.position)):
                next_one = select(_EVENT.time).where(_EVENT.position > position).order_by(_EVENT.position)
                if rows := self._rows(next_one.limit(1)):
                    found[who, name] = rows[0][0]
        return found

    def rematches(self) -> tuple[Mapping[str, int], tuple[Rematch, ...]]:
        """Return of the last fifty re-matches how many have each status, and the last of each kind that was done."""
        asked = select(_RUN.kind, _RUN.status, _RUN.started_at, _RUN.finished_at, _RUN.report)
        rows = self._rows(asked.order_by(_RUN.started_at.desc()).limit(_RUNS))
        last: dict[str, Rematch] = {}
        for row in rows:
            if row.status == RunStatus.APPLIED.value and row.finished_at and row.kind not in last:
                seconds = (row.finished_at - row.started_at).total_seconds()
                impact = orjson.loads(row.report).get("impact", {})
                last[row.kind] = Rematch(row.kind, row.finished_at, seconds, impact)
        return Counter(str(row.status) for row in rows), tuple(last.values())

    def large(self) -> Large:
        """Count over whole tables."""
        return Large(
            self._events_by_type(),
            self._counted(select(_OPERATION.kind, func.count()).group_by(_OPERATION.kind)),
            self._counted(
                select(_FACT.purpose, _FACT.channel, _FACT.status, func.count()).group_by(
                    _FACT.purpose, _FACT.channel, _FACT.status
                )
            ),
            self._counted(
                select(_QUARANTINE.source, _QUARANTINE.code, func.count())
                .where(_QUARANTINE.status == "open")
                .group_by(_QUARANTINE.source, _QUARANTINE.code)
            ),
            self._rows_by_source(),
        )

    def _events_by_type(self) -> Mapping[str, int]:
        """Count what the log got since the last time. Positions become visible in their order: none is passed over."""
        end = int(self._one(select(func.coalesce(func.max(_EVENT.position), 0))))
        asked = select(_EVENT.type, func.count()).where(
            _EVENT.position > self._position, _EVENT.position <= end
        )
        self._events.update({kind: int(count) for kind, count in self._rows(asked.group_by(_EVENT.type))})
        self._position = end
        return dict(self._events)

    def _rows_by_source(self) -> Mapping[tuple[str, str], int]:
        ends = ("accepted", "quarantined", "rejected")
        sums = (func.coalesce(func.sum(_LOAD[name]), 0) for name in ends)
        rows = self._rows(select(_LOAD.source, *sums).group_by(_LOAD.source))
        return {(row[0], end): int(count) for row in rows for end, count in zip(ends, row[1:], strict=True)}

    def _counted(self, asked: Select[Any]) -> dict[Any, int]:
        rows: Sequence[Any] = self._rows(asked)
        return {(row[0] if len(row) == 2 else tuple(row[:-1])): int(row[-1]) for row in rows}

    def _waiting(self, asked: Select[Any]) -> tuple[Waiting, ...]:
        return tuple(Waiting(kind, int(count), since) for kind, count, since in self._rows(asked))

    def _one(self, asked: Select[Any]) -> Any:
        return self._rows(asked)[0][0]

    def _rows(self, asked: Select[Any]) -> list[Any]:
        with self._database.read() as look:
            return list(look.execute(asked).all())
