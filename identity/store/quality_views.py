"""What tells how well it goes: sizes, agreement, what was decided, what waits, what sources got wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import func, select

from identity.model.operation import OperationKind
from identity.store.dialect import Database
from identity.store.tables import TABLES

__all__ = ["Agreement", "LoadView", "Quality", "Quarantined", "SourceCount"]

_PROFILE = TABLES["golden_profile"].c
_LABEL = TABLES["label"].c
_OPERATION = TABLES["operation"].c
_CHANGE = TABLES["change"].c
_TASK = TABLES["review_task"].c
_LOAD = TABLES["load"].c
_QUARANTINE = TABLES["quarantine"].c
_RECORD = TABLES["source_record"].c
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often people say the same: pairs that several labelled, and those on which all agree; decisions, and those
    that somebody else took back."""

    pairs: int
    agreed: int
    decisions: int
    reversed_by_others: int


@dataclass(frozen=True, slots=True)
class LoadView:
    """A file, and where its rows went."""

    file: str
    source: str
    rows: int
    accepted: int
    quarantined: int
    rejected: int
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """How many rows of a source wait under one code, where the last of them stood."""

    source: str
    code: str
    count: int
    last: datetime
    outcome: str = "quarantined"


@dataclass(frozen=True, slots=True)
class SourceCount:
    """How many records a source told, and when the last of them."""

    source: str
    records: int
    last: datetime


class Quality:
    def __init__(self, database: Database) -> None:
        self._database = database

    def sizes(self) -> dict[int, int]:
        """Return how many live profiles there are of each number of records."""
        asked = select(_PROFILE.record_count, func.count()).where(_PROFILE.status == "live")
        with self._database.read() as look:
            rows = look.execute(asked.group_by(_PROFILE.record_count).order_by(_PROFILE.record_count))
            return {int(size): int(count) for size, count in rows}

    def agreement(self) -> Agreement:
        """Return how often people agree: over the last 100,000 labels and decisions."""
        labels = select(
            _LABEL.left_source,
            _LABEL.left_id,
            _LABEL.right_source,
            _LABEL.right_id,
            _LABEL.actor,
            _LABEL.same,
        ).order_by(_LABEL.id.desc())
        undo = TABLES["change"].alias("undo").c
        taken_back = select(func.count()).where(
            _CHANGE.change_id == _OPERATION.operation_id, undo.change_id == _OPERATION.reversed_by,
            undo.actor != _CHANGE.actor,
        )  # fmt: skip
        decided = select(func.count()).where(_OPERATION.kind != OperationKind.UNDO.value)
        with self._database.read() as look:
            said: dict[tuple[str, ...], dict[str, bool]] = {}
            for *pair, actor, same in look.execute(labels.limit(_MOST)):
                said.setdefault(tuple(pair), {}).setdefault(actor, same)
            decisions = int(look.execute(decided).scalar_one())
            reversed_by_others = int(look.execute(taken_back).scalar_one())
        several = [answers for answers in said.values() if len(answers) > 1]
        agreed = sum(len(set(answers.values())) == 1 for answers in several)
        return Agreement(len(several), agreed, decisions, reversed_by_others)

    def decided(self, since: datetime) -> dict[tuple[str, str], int]:
        """Return how many decisions of each kind were taken on each day (UTC, ISO 8601) since a moment."""
        asked = (
            select(_OPERATION.kind, _CHANGE["at"])
            .where(_CHANGE.change_id == _OPERATION.operation_id, _CHANGE["at"] >= since)
            .order_by(_CHANGE["at"].desc())
        )
        with self._database.read() as look:
            return dict(
                Counter((f"{at:%Y-%m-%d}", str(kind)) for kind, at in look.execute(asked.limit(_MOST)))
            )

    def consents(self, most: int = 2_000) -> tuple[int, Mapping[str, Mapping[str, int]]]:
        """Return of up to `most` live profiles how many have each status of each consent. Ids are random: the first
        of them are as good a sample as any."""
        asked = (
            select(_PROFILE.consents)
            .where(_PROFILE.status == "live")
            .order_by(_PROFILE.golden_id)
            .limit(most)
        )
        counted: dict[str, Counter[str]] = {}
        with self._database.read() as look:
            rows = look.execute(asked).scalars().all()
        for consents in rows:
            for name, status in orjson.loads(consents).items():
                counted.setdefault(name, Counter())[status] += 1
        return len(rows), {name: dict(counted[name]) for name in sorted(counted)}

    def oldest_open(self) -> datetime | None:
        """Return when the open task that waits longest was opened."""
        with self._database.read() as look:
            found: datetime | None = look.execute(
                select(func.min(_TASK.opened_at)).where(_TASK.closed_at.is_(None))
            ).scalar()
        return found

    def closed(self, since: datetime) -> dict[str, int]:
        """Return how many tasks were closed on each day (UTC, ISO 8601) since a moment."""
        asked = select(_TASK.closed_at).where(_TASK.closed_at >= since).limit(_MOST)
        with self._database.read() as look:
            return dict(Counter(f"{at:%Y-%m-%d}" for at in look.execute(asked).scalars()))

    def sources(self) -> tuple[SourceCount, ...]:
        """Return how many records each source told."""
        asked = select(_RECORD.source, func.count(), func.max(_RECORD.loaded_at)).where(
            _RECORD.deleted_at.is_(None)
        )
        with self._database.read() as look:
            rows = look.execute(asked.group_by(_RECORD.source).order_by(_RECORD.source))
            return tuple(SourceCount(source, int(count), last) for source, count, last in rows)

    def loads(self, limit: int = 20) -> tuple[LoadView, ...]:
        """Return the latest files."""
        columns = (
            _LOAD.file, _LOAD.source, _LOAD.rows, _LOAD.accepted, _LOAD.quarantined, _LOAD.rejected,
            _LOAD.started_at, _LOAD.finished_at,
        )  # fmt: skip
        with self._database.read() as look:
            rows = look.execute(select(*columns).order_by(_LOAD.started_at.desc()).limit(limit))
            return tuple(LoadView(*row) for row in rows)

    def quarantined(self) -> tuple[Quarantined, ...]:
        """Return what waits in quarantine, by source and code, the most first."""
        number, last = func.count().label("number"), func.max(_QUARANTINE.id).label("last")
        # Counted in the index alone; the rows are looked up of the last ones only.
        counted = (
            select(_QUARANTINE.source, _QUARANTINE.code, number, last)
            .where(_QUARANTINE.status == "open")
            .group_by(_QUARANTINE.source, _QUARANTINE.code)
            .subquery()
        )
        asked = (
            select(
                counted.c.source,
                counted.c.code,
                counted.c.number,
                _QUARANTINE.created_at,
                _QUARANTINE.outcome,
            )
            .where(_QUARANTINE.id == counted.c.last)
            .order_by(counted.c.number.desc(), counted.c.source, counted.c.code)
        )
        with self._database.read() as look:
            return tuple(Quarantined(*row) for row in look.execute(asked))
