"""incremental: records told since the last re-match, and what waits to be decided again, proposed and carried out.

Records are resolved as they are written; this finds what that left over, and never surprises: what waits, and records
whose links are not as stored, are rehearsed, and only what would change is decided again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from identity.flows.night.rehearse import rehearse
from identity.flows.night.running import Night, Options, Told, begun, carried_out, drained, guarded
from identity.flows.night.unsettled import unsettled
from identity.flows.online.settle import Settled, attempt
from identity.model.record import RecordKey
from identity.model.run import Impact, Run, RunKind
from identity.ports import MOVES, OnlineWork, Redo, RedoKind, StageTimer
from identity.steps.loyalty import bears_loyalty

__all__ = ["incremental"]

_USUAL = Options()


@dataclass(slots=True)
class _Found:
    """What the rehearsal came to: moves, the loyalty accounts among them, whom to decide again, and counts."""

    moves: dict[RecordKey, tuple[str | None, str | None]] = field(default_factory=dict)
    loyalty: set[RecordKey] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)
    created: set[str] = field(default_factory=set)
    updated: set[str] = field(default_factory=set)
    retired: set[str] = field(default_factory=set)
    split: set[str] = field(default_factory=set)
    largest: int = 0

    def add(self, settled: Settled) -> None:
        plan, around = settled.restatement, settled.regrouped
        self.moves |= {key: (around.previous.get(key), home) for key, home in plan.moved.items()}
        self.loyalty |= {
            key for key in plan.moved if key in around.records and bears_loyalty(around.records[key].record)
        }
        linked = {
            key for each in (*around.dropped, *around.added) for key in (each.link.left, each.link.right)
        }
        stated = {min(around.members[name]) for name in plan.changed if name in around.members}
        self.numbers |= {
            around.records[key].number for key in plan.moved.keys() | linked | stated if key in around.records
        }
        self.created |= set(plan.created)
        self.updated |= {event.subject for event in plan.events if event.type == "customer.updated"}
        self.split |= {event.subject for event in plan.events if event.type == "customer.split"}
        self.retired |= {redirect.retired for redirect in plan.retired}
        self.largest = max([self.largest, *(row.record_count for row in plan.rows)])


def incremental(
    night: Night,
    stages: StageTimer,
    options: Options = _USUAL,
    tell: Callable[[str], None] = lambda _: None,
) -> Run:
    """Propose what the records told since the last re-match change, and carry it out inside the limits.

    Raises StoreError E412 where the index is not built for these rules, E413 while another re-match is running.
    """
    told = begun(night, RunKind.INCREMENTAL, options)
    with guarded(night, told):
        return _run(night, told, stages, options, tell)


def _run(night: Night, told: Told, stages: StageTimer, options: Options, tell: Callable[[str], None]) -> Run:
    with stages.stage("read"):
        recent, queued = _recent(night), night.runs.queued()
        keys = sorted({*recent, *queued})
        profiles, accounts = night.runs.profile_count(), night.runs.loyalty_count()
    with stages.stage("look"):
        doubtful = unsettled(night.desk, recent, _progress(night, told, tell, "look at", len(recent)))
    with stages.stage("rehearse"):
        found = _rehearsed(night, told, sorted({*doubtful, *queued}), tell)
    told.report |= {"records_looked_at": len(keys), "records_rehearsed": len({*doubtful, *queued})}

    def measured(some: pa.Table) -> Impact:
        return _impact(found, some, len(keys), profiles, accounts)

    def carry_out() -> dict[str, Any]:
        with stages.stage("decide again"):
            attempt(night.desk, lambda work: _queue(work, found.numbers))
            return drained(night, told, profiles, measured(_moves(found)).profiles_changed)

    return carried_out(night, told, options, _moves(found), measured, carry_out)


def _recent(night: Night) -> list[RecordKey]:
    last = night.runs.last_applied()
    return night.runs.told_since(datetime.fromisoformat(last.report["began_at"]) if last else None)


def _progress(
    night: Night, told: Told, tell: Callable[[str], None], what: str, records: int
) -> Callable[[int], None]:
    def progress(done: int) -> None:
        night.runs.beat(told.run.run_id, night.clock.now())
        tell(f"{what}: {done:,} of {records:,} records")

    return progress


def _rehearsed(night: Night, told: Told, keys: Sequence[RecordKey], tell: Callable[[str], None]) -> _Found:
    found = _Found()
    for settled in rehearse(night.desk, keys, _progress(night, told, tell, "rehearse", len(keys))):
        told.report["model_version"] = settled.model_version
        found.add(settled)
    return found


def _queue(work: OnlineWork, numbers: set[int]) -> None:
    work.put_redo([Redo(RedoKind.RECORD, number, "re-match") for number in numbers])


def _moves(found: _Found) -> pa.Table:
    rows = [
        {"source": key.source, "source_record_id": key.source_record_id, "came_from": left, "golden_id": home}
        for key, (left, home) in sorted(found.moves.items())
    ]
    return pa.Table.from_pylist(rows, MOVES)


def _impact(found: _Found, some: pa.Table, records: int, profiles: int, accounts: int) -> Impact:
    keys = {RecordKey(row["source"], row["source_record_id"]) for row in some.to_pylist()}
    ids = {home for key in keys for home in found.moves[key] if home is not None}
    return Impact(
        records=records,
        profiles=profiles,
        loyalty_accounts=accounts,
        records_moved=len(keys),
        profiles_changed=len(ids - found.created),
        loyalty_accounts_moved=len(keys & found.loyalty),
        created=len(found.created & ids),
        updated=len(found.updated),
        merged=len(found.retired & ids),
        split=len(found.split & ids),
        largest_profile=found.largest if keys else 0,
    )
