"""running: what all re-matches share: a place in the history, limits on what they change, a person's word."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from identity.flows.online.desk import Desk
from identity.flows.online.settle import Settled, attempt
from identity.flows.redo import drain
from identity.flows.rematch import Workshop
from identity.model.errors import DecisionRefused, LookupFailed
from identity.model.review import EVIDENCE, Concern, ReviewKind, mint_task_id
from identity.model.run import Breach, Impact, RematchLimits, Run, RunKind, RunStatus
from identity.ports import MOVES, Clock, RunLog
from identity.steps.limit import allowed_profiles, breaches
from identity.steps.reconcile import Reconciled

__all__ = [
    "Night",
    "Options",
    "Told",
    "approved_moves",
    "begun",
    "carried_out",
    "decided",
    "drained",
    "ended",
    "guarded",
    "unapproved",
]

_KEYS = ["source", "source_record_id", "came_from", "golden_id"]
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Night:
    """What re-matches work with."""

    shop: Workshop
    desk: Desk
    runs: RunLog
    limits: RematchLimits
    clock: Clock
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Options:
    """`dry`: propose only. `approved`: a run whose proposal a person has approved; its changes are not asked about
    again. `run_id`: begin (again) under this id."""

    dry: bool = False
    approved: str | None = None
    actor: str = "machine"
    run_id: str | None = None


@dataclass(slots=True)
class Told:
    """What a run has to say of itself so far."""

    run: Run
    report: dict[str, Any] = field(default_factory=dict)


def begun(night: Night, kind: RunKind, options: Options) -> Told:
    """Return a run that begins now. StoreError E413 while another one is running."""
    now = night.clock.now()
    run = Run(options.run_id or night.new_id(), kind, RunStatus.RUNNING, now, now)
    night.runs.begin(run)
    return Told(run, {"actor": options.actor, "approved": options.approved, "began_at": now.isoformat()})


@contextmanager
def guarded(night: Night, told: Told) -> Iterator[None]:
    """A run that ends with an error is written down as failed; one whose process is killed is found out later."""
    try:
        yield
    except BaseException as error:
        code = getattr(error, "code", type(error).__name__)
        with suppress(Exception):  # what went wrong first is what is told
            night.runs.finish(
                told.run.run_id, RunStatus.FAILED, night.clock.now(), told.report | {"failure": code}
            )
        raise


def approved_moves(night: Night, options: Options) -> pa.Table:
    """Return the MOVES that a person has approved; none without an approved run.

    LookupFailed E505 for a run nobody knows, DecisionRefused NOT_WAITING for one that was decided.
    """
    if options.approved is None:
        return MOVES.empty_table()
    run = night.runs.run(options.approved)
    if run is None:
        raise LookupFailed(
            "E505", f"No re-match is known as {options.approved}.", "`identity runs` lists them."
        )
    if run.status is not RunStatus.WAITING:
        raise DecisionRefused(
            "NOT_WAITING", f"The re-match {run.run_id} is {run.status}; there is nothing to approve."
        )
    return night.runs.moves(options.approved)


def unapproved(moves: pa.Table, approved: pa.Table) -> pa.Table:
    """Return the MOVES that nobody has approved yet."""
    if not approved.num_rows:
        return moves
    kept = _spelled(moves).join(_spelled(approved), _KEYS, join_type="left anti")
    return moves.join(kept.select(_KEYS[:2]), _KEYS[:2], join_type="left semi")


def _spelled(moves: pa.Table) -> pa.Table:
    # A join does not find null in null.
    return pa.table({name: moves[name].fill_null("") for name in _KEYS})


def ended(
    night: Night, told: Told, status: RunStatus, impact: Impact, broken: Iterable[Breach] = (), **more: Any
) -> Run:
    """Store what became of a run, and return it."""
    told.report |= {"impact": asdict(impact), "breaches": [asdict(each) for each in broken], **more}
    night.runs.finish(told.run.run_id, status, night.clock.now(), told.report)
    found = night.runs.run(told.run.run_id)
    assert found is not None, "it was begun"
    return found


def carried_out(
    night: Night,
    told: Told,
    options: Options,
    moves: pa.Table,
    measured: Callable[[pa.Table], Impact],
    carry_out: Callable[[], Mapping[str, Any]],
) -> Run:
    """Carry out a proposal inside its limits; else leave it, with its moves, for a person to decide."""
    approved = approved_moves(night, options)
    impact, broken = measured(moves), breaches(measured(unapproved(moves, approved)), night.limits)
    if options.dry:
        return ended(night, told, RunStatus.DRY, impact, broken, sample=_sample(moves))
    if broken:
        night.runs.put_moves(told.run.run_id, moves)
        _ask(night, told.run, impact, {"breaches": [asdict(each) for each in broken]})
        return ended(night, told, RunStatus.WAITING, impact, broken, sample=_sample(moves))
    if options.approved:
        decided(night, options.approved, RunStatus.APPLIED, options.actor)
    done = carry_out()
    status = RunStatus.STOPPED if done.get("stopped") else RunStatus.APPLIED
    if status is RunStatus.STOPPED:
        _ask(night, told.run, impact, done)
    return ended(night, told, status, impact, (), **done)


def decided(night: Night, run_id: str, status: RunStatus, actor: str) -> None:
    """Store what a person decided of a run, and close the review task that asked for it."""
    night.runs.decide(run_id, status, actor, night.clock.now())
    task_id = mint_task_id(f"{ReviewKind.BREAKER}:{run_id}", run_id)
    attempt(night.desk, lambda work: work.close_review(task_id, actor))


def _ask(night: Night, run: Run, impact: Impact, why: Mapping[str, Any]) -> None:
    """Open the review task of a run that waits, or that was stopped."""
    concern = Concern(
        ReviewKind.BREAKER,
        (),
        impact=math.log2(1 + impact.records_moved),
        uncertainty=1.0,
        details={"run_id": run.run_id, "kind": str(run.kind), **why},
        about=run.run_id,
    )
    opened = Reconciled((concern,), (), ())
    attempt(night.desk, lambda work: work.put_reviews(opened, EVIDENCE, run.run_id))


def _sample(moves: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = moves.slice(0, _SAMPLE).to_pylist()
    return rows


def drained(night: Night, told: Told, profiles: int, expected: int) -> dict[str, Any]:
    """Decide again what is queued, and stop when more profiles change than were expected and the limits allow.

    What is left stays queued.
    """
    allowed = expected + allowed_profiles(profiles, night.limits)
    changed: set[str] = set()

    def seen(settled: Settled) -> bool:
        night.runs.beat(told.run.run_id, night.clock.now())
        changed.update(settled.restatement.changed)
        return len(changed) <= allowed

    decided = drain(night.desk, seen=seen, reason=told.run.kind.value)
    return {"decided_again": decided, "stopped": len(changed) > allowed, "changed": len(changed)}
