"""resolve: records in, golden profiles out, with no database in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from identity.model.cluster import GoldenId
from identity.model.match import MatchModel
from identity.model.record import RecordKey
from identity.ports import BatchEngine, Resolution, StageTimer, Survivor
from identity.steps.identify import count_inherited, identify

__all__ = ["Resolved", "golden_ids", "resolve"]


@dataclass(frozen=True, slots=True)
class Resolved:
    """`crosswalk` (source, source_record_id, golden_id) in key order; `golden`, a row per profile with flat values."""

    crosswalk: pa.Table
    golden: pa.Table
    resolution: Resolution


def resolve(
    records: pa.Table,
    engine: BatchEngine,
    survivor: Survivor,
    stages: StageTimer,
    model: MatchModel | None = None,
) -> Resolved:
    """Return the golden profiles of `records`. The same records give the same ids, in whatever order they come."""
    resolution = engine.resolve(records, stages, model)
    with stages.stage("identify"):
        crosswalk = golden_ids(resolution.clusters)
    with stages.stage("survive"):
        golden = survivor(records, crosswalk, flat=True)
    return Resolved(crosswalk, golden, resolution)


def golden_ids(
    clusters: pa.Table, previous: pa.Table | None = None, states: pa.Table | None = None
) -> pa.Table:
    """Return MEMBERSHIPS for `clusters`. `previous` holds, row by row, the golden id each record had (or null)."""
    labels = clusters["cluster"].to_numpy()
    firsts = _first_records(clusters, labels)
    created: dict[GoldenId, datetime] = {}
    if states is not None:
        created = dict(zip(states["golden_id"].to_pylist(), states["created_at"].to_pylist(), strict=True))
    live = _live(states)
    before = [old if old in live else None for old in previous["golden_id"].to_pylist()] if previous else []
    inherited = count_inherited(before, labels.tolist()) if before else {}
    named = pa.array(identify(firsts, inherited, created, created.keys()), pa.string())
    return clusters.select(["source", "source_record_id"]).append_column(
        "golden_id", named.take(pa.array(labels))
    )


def _first_records(clusters: pa.Table, labels: NDArray[np.int32]) -> list[RecordKey]:
    # Rows are in key order: the first row of each cluster is its smallest record.
    first = clusters.take(np.unique(labels, return_index=True)[1])
    pairs = zip(first["source"].to_pylist(), first["source_record_id"].to_pylist(), strict=True)
    return [RecordKey(source, record) for source, record in pairs]


def _live(states: pa.Table | None) -> frozenset[GoldenId]:
    if states is None:
        return frozenset()
    return frozenset(states.filter(pc.equal(states["status"], "live"))["golden_id"].to_pylist())
