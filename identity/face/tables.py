"""A whole table of records, with no database: who is who, and why."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from identity.bootstrap import Service, Settings
from identity.connectors.intake import Intake
from identity.connectors.results import quarantine_table
from identity.engines.stages import Stages
from identity.flows.resolve import resolve as _resolve
from identity.model.match import MatchModel
from identity.sample import write_sample

__all__ = [
    "Records",
    "Resolved",
    "Sample",
    "arrow_table",
    "resolve",
    "sample_records",
    "settings_of",
    "taken",
]

Records: TypeAlias = Any
"""Anything with rows: an Arrow table, a DuckDB relation, a data frame (pandas, polars), a list of mappings, or the path
of a CSV, JSON lines or Parquet file."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Who is who. Every row of the table is accounted for: rows = accepted + rows of `set_aside`.

    `crosswalk`: source, source_record_id, golden_id. `golden`: a row per person, values with source and rule.
    `links`: left_source, left_id, right_source, right_id, match_weight, judgement, blocked. `generic`: per feature the
    values that are taken for nobody's own. `candidate_pairs` is what blocking let through.
    """

    crosswalk: pa.Table
    golden: pa.Table
    links: pa.Table
    set_aside: pa.Table
    model: MatchModel
    candidate_pairs: int
    generic: Mapping[str, tuple[str, ...]]
    rows: int
    accepted: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Made-up customers in canonical columns, and (`truth`: source, source_record_id, person_id) who is who."""

    records: pa.Table
    truth: pa.Table


def resolve(
    records: Records,
    *,
    source: str | None = None,
    model: MatchModel | None = None,
    rules: Path | None = None,
    engine: str = "duckdb",
) -> Resolved:
    """Return who is who among `records`: canonical columns, any of them; `source` where no column names it.

    Without a model one is trained on these records, without labels. `engine="splink"` is the plain two-class baseline.
    The same records give the same answer, in whatever order. FileError, RulesError, ModelError by number.
    """
    service = Service(settings_of(rules))
    intake = taken(service, records, source)
    found = _resolve(
        service.workshop_columns(intake.records), service.engine(engine), service.survivor, Stages(), model
    )
    return Resolved(
        found.crosswalk,
        found.golden,
        found.resolution.links,
        quarantine_table(intake.issues, ("quarantined", "rejected")),
        found.resolution.model,
        found.resolution.candidate_pairs,
        found.resolution.generic,
        intake.rows,
        intake.accepted,
    )


def taken(service: Service, records: Records, source: str | None = None) -> Intake:
    """Return the rows of `records` as a file of them would be read, each accounted for."""
    if isinstance(records, str | os.PathLike):
        return service.read(Path(records), source, canonical=source not in service.sources)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "records.parquet"
        pq.write_table(arrow_table(records), file)
        return service.read(file, source, canonical=True)


def arrow_table(records: Records) -> pa.Table:
    """Return rows as an Arrow table. TypeError for what has none."""
    if isinstance(records, pa.Table):
        return records
    if hasattr(records, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(records).read_all()
    if isinstance(records, Sequence) and all(isinstance(row, Mapping) for row in records):
        names = dict.fromkeys(name for row in records for name in row)
        return pa.table({name: [row.get(name) for row in records] for name in names})
    raise TypeError(f"{type(records).__name__} holds no rows: give an Arrow table, a data frame or mappings.")


def sample_records(people: int, seed: int) -> Sample:
    """Return made-up customers of four systems, noisy as real ones are. The same seed gives the same."""
    with tempfile.TemporaryDirectory() as folder:
        write_sample(people, seed, Path(folder), canonical=True, systems=False)
        return Sample(*(pq.read_table(Path(folder) / f"{name}.parquet") for name in ("records", "truth")))


def settings_of(rules: Path | None) -> Settings:
    """Return the shipped settings, or those with rules of one's own, on the whole machine."""
    settings = replace(Settings(), threads=os.cpu_count() or 2)
    return replace(settings, rules=rules) if rules else settings
