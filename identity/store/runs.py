"""The history of re-matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa
from sqlalchemy import Select, func, select, union

from identity import ports
from identity.model.audit import AuditAction, AuditEntry
from identity.model.record import RecordKey
from identity.model.run import Run, RunKind, RunStatus
from identity.ports import Clock, RedoKind
from identity.store import refusals
from identity.store.audit import Sealing
from identity.store.bulk import BulkWork
from identity.store.dialect import Database, Statement, WriteConnection
from identity.store.tables import TABLES

__all__ = ["Runs"]

_RUN = TABLES["rematch_run"].c
_MOVE = TABLES["rematch_move"].c
_RECORD = TABLES["source_record"].c
_PROFILE = TABLES["golden_profile"].c
_REDO = TABLES["redo"].c
_FILED = TABLES["filed"].c
_SILENT = timedelta(minutes=5)
"""A run that has not said for so long that it goes on was left by a process that is gone."""
_ATTEMPTS = 5
"""So often a run may begin: what kills its process every time is not tried for ever."""

_BEGIN = Statement(
    "INSERT INTO rematch_run (run_id, kind, status, started_at, beat_at, report)"
    " VALUES (:run_id, :kind, 'running', :at, :at, '{{}}') ON CONFLICT (run_id) DO UPDATE SET beat_at = :at"
)
_RUNNING = Statement("SELECT run_id, beat_at FROM rematch_run WHERE status = 'running'")
_INTERRUPT = Statement(
    "UPDATE rematch_run SET status = 'interrupted', finished_at = :at"
    " WHERE status = 'running' AND beat_at < :silent"
)
_KNOWN = Statement("SELECT report FROM rematch_run WHERE run_id = :run_id")
_BEGIN_AGAIN = Statement("UPDATE rematch_run SET status = 'running', report = :report WHERE run_id = :run_id")
_BEAT = Statement("UPDATE rematch_run SET beat_at = :at WHERE run_id = :run_id AND status = 'running'")
_FINISH = Statement(
    "UPDATE rematch_run SET status = :status, finished_at = :at, model_version = :model, report = :report"
    " WHERE run_id = :run_id"
)
_DECIDE = Statement(
    "UPDATE rematch_run SET status = :status, decided_by = :by, decided_at = :at"
    " WHERE run_id = :run_id AND status IN ('waiting', 'running')"
)


class Runs:
    """See `ports.RunLog` for what each call promises."""

    def __init__(self, database: Database, clock: Clock, sealing: Sealing | None = None) -> None:
        self._database = database
        self._clock = clock
        self._sealing = sealing

    def begin(self, run: Run) -> None:
        with self._database.write() as connection:
            connection.execute(_INTERRUPT.of(at=run.started_at, silent=run.started_at - _SILENT))
            others = [found for found, _ in connection.ask(_RUNNING.of())() if found != run.run_id]
            if others:
                raise refusals.running(others[0])
            if not self._began_often(connection, run):
                connection.execute(_BEGIN.of(run_id=run.run_id, kind=run.kind.value, at=run.started_at))
                return
        raise refusals.given_up(run.run_id)

    def _began_often(self, connection: WriteConnection, run: Run) -> bool:
        """Count one more beginning of a run; give up one whose process is killed again and again."""
        known = connection.ask(_KNOWN.of(run_id=run.run_id))()
        attempts = 1 + (orjson.loads(known[0][0]).get("attempts", 1) if known else 0)
        report = orjson.dumps({"attempts": attempts}).decode()
        if attempts > _ATTEMPTS:
            connection.execute(
                _FINISH.of(run_id=run.run_id, status="failed", at=run.started_at, model=None, report=report)
            )
            return True
        if known:
            connection.execute(_BEGIN_AGAIN.of(run_id=run.run_id, report=report))
        return False

    def beat(self, run_id: str, at: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(_BEAT.of(run_id=run_id, at=at))

    def finish(self, run_id: str, status: RunStatus, at: datetime, report: Mapping[str, Any]) -> None:
        text = orjson.dumps(dict(report), default=str).decode()
        with self._database.write() as connection:
            connection.execute(
                _FINISH.of(
                    run_id=run_id, status=status.value, at=at, model=report.get("model_version"), report=text
                )
            )

    def decide(self, run_id: str, status: RunStatus, by: str, at: datetime) -> None:
        entry = AuditEntry(by, AuditAction.RUN, details={"run_id": run_id, "status": status.value})
        with self._database.write() as connection:
            connection.execute(_DECIDE.of(run_id=run_id, status=status.value, by=by, at=at))
            head = self._sealing.append(connection, [entry], at) if self._sealing else None
        if self._sealing and head:
            self._sealing.told(head)

    def put_moves(self, run_id: str, moves: pa.Table) -> None:
        rows = moves.select(ports.MOVES.names)
        told = rows.append_column("run_id", pa.repeat(pa.scalar(run_id), rows.num_rows))
        with BulkWork(self._database, self._clock) as work:
            work.put_rows("rematch_move", told, ("run_id", "source", "source_record_id"))

    def moves(self, run_id: str) -> pa.Table:
        asked = select(_MOVE.source, _MOVE.source_record_id, _MOVE.came_from, _MOVE.golden_id)
        asked = asked.where(_MOVE.run_id == run_id).order_by(_MOVE.source, _MOVE.source_record_id)
        with self._database.read() as look:
            rows = [row._asdict() for row in look.execute(asked)]
        return pa.Table.from_pylist(rows, ports.MOVES)

    def run(self, run_id: str) -> Run | None:
        found = self._found(select(*_RUN).where(_RUN.run_id == run_id))
        return found[0] if found else None

    def runs(self, limit: int = 20) -> list[Run]:
        return self._found(select(*_RUN).order_by(_RUN.started_at.desc(), _RUN.run_id).limit(limit))

    def last_applied(self) -> Run | None:
        asked = select(*_RUN).where(_RUN.status == RunStatus.APPLIED.value)
        found = self._found(asked.order_by(_RUN.started_at.desc()).limit(1))
        return found[0] if found else None

    def told_since(self, moment: datetime | None) -> list[RecordKey]:
        asked = select(_RECORD.source, _RECORD.source_record_id).where(
            _RECORD.mode == "live", _RECORD.deleted_at.is_(None)
        )
        if moment is not None:
            asked = asked.where(_RECORD.loaded_at >= moment)
        with self._database.read() as look:
            return sorted(RecordKey(*row) for row in look.execute(asked))

    def queued(self) -> list[RecordKey]:
        number = union(
            select(_REDO.subject).where(_REDO.kind == RedoKind.RECORD.value),
            select(_FILED.record)
            .join(TABLES["redo"], _REDO.subject == _FILED.block)
            .where(_REDO.kind == RedoKind.BLOCK.value),
        )
        asked = select(_RECORD.source, _RECORD.source_record_id).where(
            _RECORD.number.in_(number), _RECORD.mode == "live", _RECORD.deleted_at.is_(None)
        )
        with self._database.read() as look:
            return sorted(RecordKey(*row) for row in look.execute(asked))

    def profile_count(self) -> int:
        return self._count(select(func.count()).where(_PROFILE.status == "live"))

    def loyalty_count(self) -> int:
        return self._count(
            select(func.count()).where(
                _RECORD.loyalty_id.is_not(None), _RECORD.mode == "live", _RECORD.deleted_at.is_(None)
            )
        )

    def _count(self, asked: Select[Any]) -> int:
        with self._database.read() as look:
            return int(look.execute(asked).scalar_one())

    def _found(self, asked: Select[Any]) -> list[Run]:
        with self._database.read() as look:
            return [_run(row._asdict()) for row in look.execute(asked)]


_FIELDS = frozenset(field.name for field in fields(Run))


def _run(row: Mapping[str, Any]) -> Run:
    told = {name: value for name, value in row.items() if name in _FIELDS}
    return Run(
        **told
        | {
            "kind": RunKind(row["kind"]),
            "status": RunStatus(row["status"]),
            "report": orjson.loads(row["report"]),
        }
    )
