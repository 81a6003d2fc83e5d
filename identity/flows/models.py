"""models: two models on the same records, side by side, before one takes over from the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from identity.flows.rematch import Known, Workshop
from identity.model.judgement import Judgement
from identity.model.match import MatchModel
from identity.model.record import RecordKey
from identity.ports import Resolution, StageTimer
from identity.steps.contrast import Contrast, contrast

__all__ = ["ModelFigures", "ModelsCompared", "compare_models"]


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """What a model makes of the records by itself: `kept` of the `verdicts` it would have given as people did."""

    version: str
    clusters: int
    links: int
    largest: int
    verdicts: int
    kept: int


@dataclass(frozen=True, slots=True)
class ModelsCompared:
    first: ModelFigures
    second: ModelFigures
    contrast: Contrast
    examples: tuple[RecordKey, ...]


def compare_models(
    shop: Workshop, stages: StageTimer, first: MatchModel, second: MatchModel
) -> ModelsCompared:
    """Return how the partitions of two models differ, each without people's verdicts: those are what both are
    measured by. Nothing is stored."""
    with stages.stage("read"):
        known = Known.read(shop)
    population = shop.spread(known.records)
    one, other = (shop.engine.resolve(population, stages, model) for model in (first, second))
    differs = contrast(_labels(one), _labels(other))
    keys = one.clusters.take(pa.array(differs.concerned, pa.int64())).to_pylist()
    return ModelsCompared(
        _figures(one, known.verdicts),
        _figures(other, known.verdicts),
        differs,
        tuple(RecordKey(row["source"], row["source_record_id"]) for row in keys),
    )


def _labels(resolution: Resolution) -> NDArray[np.int32]:
    return np.asarray(resolution.clusters["cluster"].to_numpy(), np.int32)


def _figures(resolution: Resolution, verdicts: pa.Table) -> ModelFigures:
    sizes = np.bincount(resolution.clusters["cluster"].to_numpy())
    asked, kept = _kept(resolution.clusters, verdicts)
    return ModelFigures(
        resolution.model.version,
        len(sizes),
        resolution.links.num_rows,
        int(sizes.max(initial=0)),
        asked,
        kept,
    )


def _kept(clusters: pa.Table, verdicts: pa.Table) -> tuple[int, int]:
    """Return how many verdicts are about records that are there, and with how many of them the clusters agree."""
    told = verdicts
    for side in ("left", "right"):
        names: Mapping[str, str] = {"source": f"{side}_source", "source_record_id": f"{side}_id"}
        placed = clusters.select([*names, "cluster"]).rename_columns([*names.values(), side])
        told = told.join(placed, list(names.values()), join_type="inner")
    together = pc.equal(told["left"], told["right"])
    wanted = pc.equal(told["judgement"], Judgement.MATCH.value)
    return told.num_rows, int(pc.sum(pc.equal(together, wanted)).as_py() or 0)
