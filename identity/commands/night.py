"""What `identity rematch` and `identity runs` do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from identity.bootstrap import Service
from identity.engines.stages import Stages
from identity.flows.night import full, incremental
from identity.flows.night.full import By
from identity.flows.night.running import Options
from identity.flows.night.running import decided as decide
from identity.model.errors import DecisionRefused, LookupFailed
from identity.model.run import Run, RunKind, RunStatus

__all__ = ["approve", "decided", "rematch_report", "run_report", "runs_report"]


def rematch_report(
    service: Service, stages: Stages, kind: RunKind, options: Options, by: By
) -> dict[str, Any]:
    """Re-match and return what became of it."""
    run = (
        full(service.night, stages, options, by)
        if kind is RunKind.FULL
        else incremental(service.night, stages, options, stages.told)
    )
    return {**_told(run), "stages": [asdict(stage) for stage in stages.passed]}


def approve(service: Service, run_id: str, actor: str, stages: Stages) -> dict[str, Any]:
    """Carry out what a waiting run proposed. It is found anew: what has changed since is held to the limits again."""
    run = _found(service, run_id)
    options = Options(approved=run_id, actor=actor)
    version = run.report.get("model_version")
    by = By(model=service.stored_model(version)) if run.kind is RunKind.FULL and version else By()
    return rematch_report(service, stages, run.kind, options, by)


def decided(service: Service, run_id: str, status: RunStatus, actor: str) -> dict[str, Any]:
    """Store what a person decided of a run that waits (rejected) or was left running (interrupted)."""
    run = _found(service, run_id)
    wanted = {RunStatus.REJECTED: RunStatus.WAITING, RunStatus.INTERRUPTED: RunStatus.RUNNING}[status]
    if run.status is not wanted:
        raise DecisionRefused(
            "NOT_WAITING",
            f"The re-match {run_id} is {run.status}, not {wanted}.",
            "`identity runs` lists them.",
        )
    decide(service.night, run_id, status, actor)
    return _told(_found(service, run_id))


def runs_report(service: Service, limit: int) -> dict[str, Any]:
    """Return the latest runs."""
    return {"runs": [_told(run) for run in service.runs.runs(limit)]}


def run_report(service: Service, run_id: str, limit: int) -> dict[str, Any]:
    """Return a run, and the first of what it proposed."""
    moves = service.runs.moves(run_id)
    return {
        **_told(_found(service, run_id)),
        "moves": moves.num_rows,
        "proposed": moves.slice(0, limit).to_pylist(),
    }


def _found(service: Service, run_id: str) -> Run:
    run = service.runs.run(run_id)
    if run is None:
        raise LookupFailed("E505", f"No re-match is known as {run_id}.", "`identity runs list` shows them.")
    return run


def _told(run: Run) -> dict[str, Any]:
    report: Mapping[str, Any] = run.report
    plain = asdict(replace(run, report={}))
    plain.pop("report")
    seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at else None
    return {
        **plain,
        "seconds": seconds,
        **report.get("impact", {}),
        **{name: value for name, value in report.items() if name not in ("impact", "began_at", "stopped")},
    }
