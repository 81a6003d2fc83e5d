"""What `identity resolve` and `identity train` do: files in, results in a folder, no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from identity.bootstrap import Service
from identity.commands.measure import accuracy_of
from identity.connectors.intake import Intake
from identity.connectors.results import quarantine_table, write_results
from identity.engines.stages import Stages
from identity.flows.resolve import Resolved, resolve
from identity.model.errors import FileError
from identity.steps.train import pair_space
from matching_rules.model_file import save_model

__all__ = ["accounted", "resolve_files", "train_model"]

_KEYS = ["source", "source_record_id"]


def resolve_files(
    service: Service,
    files: Sequence[str],
    out: Path,
    stages: Stages,
    *,
    source: str | None = None,
    truth: str | None = None,
    model: Path | None = None,
    engine: str = "duckdb",
) -> dict[str, Any]:
    """Resolve `files` into the folder `out` and return the report that is also written there."""
    with stages.stage("read"):
        intakes = [_read(service, Path(file), source, truth) for file in files]
        records, replaced = _latest(intakes)
    stored = service.model_file(model) if model else None
    attributes = service.workshop_columns(records)
    resolved = resolve(attributes, service.engine(engine), service.survivor, stages, stored)
    report = _report(resolved, intakes, replaced, stages)
    if truth and (accuracy := accuracy_of(resolved.crosswalk, "golden_id", records, truth)):
        report["accuracy"] = asdict(accuracy)
    tables = {
        "crosswalk": resolved.crosswalk,
        "golden": resolved.golden,
        "links": resolved.resolution.links,
        "quarantine": _quarantine(intakes, ("quarantined",)),
        "warnings": _quarantine(intakes, ("warning", "rejected")),
    }
    with stages.stage("write"):
        write_results(out, tables, report)
    return {**report, "out": str(out)}


def train_model(
    service: Service, files: Sequence[str], out: Path, stages: Stages, *, source: str | None = None
) -> dict[str, Any]:
    """Train on `files`, or on the live records of the database when there are none, and write the model to `out`."""
    with stages.stage("read"):
        records = (
            _latest([_read(service, Path(file), source, None) for file in files])[0]
            if files
            else service.live_records()
        )
    if not records.num_rows:
        raise FileError("E221", "There are no records to train on.", "Name a file, or load one first.")
    resolution = service.engine().resolve(service.workshop_columns(records), stages)
    save_model(resolution.model, out)
    return {
        "model": resolution.model.version,
        "records": records.num_rows,
        "comparisons": [c.name for factor in resolution.model.factors for c in factor.comparisons],
        "matches_per_record": _matches_per_record(resolution.model.prior_match, records.num_rows),
        "file": str(out),
    }


def accounted(intakes: Sequence[Intake]) -> list[dict[str, Any]]:
    """Return where each file's rows went: accepted + quarantined + rejected = rows."""
    return [
        {
            "file": intake.file,
            "source": intake.source,
            "rows": intake.rows,
            "accepted": intake.accepted,
            "quarantined": intake.quarantined,
            "rejected": intake.rejected,
            "warnings": intake.warnings,
        }
        for intake in intakes
    ]


def _read(service: Service, file: Path, source: str | None, truth: str | None) -> Intake:
    keep = [truth] if truth else []
    canonical = source is not None and source not in service.sources
    return service.read(file, source, keep, canonical=canonical or truth is not None)


def _latest(intakes: Sequence[Intake]) -> tuple[pa.Table, int]:
    """Return all records, of one key in several files the last file's, and how many gave way."""
    records = pa.concat_tables([intake.records for intake in intakes], promote_options="default")
    if len(intakes) == 1:
        return records, 0
    order = records.append_column("arrival", pa.array(np.arange(records.num_rows)))
    last = order.group_by(_KEYS).aggregate([("arrival", "max")])["arrival_max"]
    return records.take(np.sort(last.to_numpy())), records.num_rows - len(last)


def _report(resolved: Resolved, intakes: Sequence[Intake], replaced: int, stages: Stages) -> dict[str, Any]:
    resolution, records = resolved.resolution, resolved.crosswalk.num_rows
    judged = resolution.links["judgement"]
    return {
        "files": accounted(intakes),
        "records": records,
        "replaced_by_a_later_file": replaced,
        "profiles": resolved.golden.num_rows,
        "links": len(judged),
        "possible_matches": pc.sum(pc.equal(judged, "possible_match")).as_py() or 0,
        "candidate_pairs": resolution.candidate_pairs,
        "generic_values": {name: len(values) for name, values in resolution.generic.items()},
        "model": resolution.model.version,
        "trained_now": resolution.trained_now,
        "matches_per_record": _matches_per_record(resolution.model.prior_match, records),
        "stages": [asdict(stage) for stage in stages.passed],
    }


def _matches_per_record(prior_match: float, records: int) -> float:
    return round(prior_match * pair_space(records) / max(records, 1), 4)


def _quarantine(intakes: Sequence[Intake], outcomes: Sequence[str]) -> pa.Table:
    return pa.concat_tables([quarantine_table(intake.issues, outcomes) for intake in intakes])
