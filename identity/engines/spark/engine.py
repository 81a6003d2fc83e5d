"""The batch engine of many machines.

Comparing is what outgrows a machine: pairs are found, compared and weighed by workers, and lie in Parquet between the
stages. The driver holds the records it was given, a number for each and the links above the threshold: eight bytes
each, by which it finds the components with the code of one machine. Workers then decide each component whole.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from identity.comparators import Nicknames
from identity.engines.filing import Filings
from identity.engines.generic import demote_generic_values
from identity.engines.links import links_told, refuse_lacking
from identity.engines.partitioning import decisions_among
from identity.engines.population import Population, populate
from identity.engines.spark.frames import Frames
from identity.engines.spark.session import session
from identity.model.errors import ModelError
from identity.model.match import MatchModel, MatchRules
from identity.ports import Resolution, StageTimer
from identity.steps.file import Cabinet
from identity.steps.normalise import FeatureMaker, feature_makers

__all__ = ["SparkEngine"]

_TRAIN = "Train one on a machine, on some of the records: `identity train`."
_KEYS = ("source", "source_record_id")


@dataclass(frozen=True, slots=True)
class SparkEngine:
    """Resolves as `DuckDBEngine` does, to the same clusters, links and weights, with a model that was trained before.

    `master` says where Spark runs (`local[2]`: here, with two workers). What lies between the stages is put into
    `folder`, which every worker has to reach under this name (a folder of its own for each resolution, gone after it).
    """

    rules: MatchRules
    nicknames: Nicknames
    master: str = "local[2]"
    memory: str = "3GB"
    folder: str = ""

    def resolve(
        self,
        records: pa.Table,
        stages: StageTimer,
        model: MatchModel | None = None,
        verdicts: pa.Table | None = None,
        *,
        adaptable: bool = False,  # noqa: ARG002 - a model is never replaced here
    ) -> Resolution:
        """Return the clusters of `records`; see `BatchEngine`. ModelError E601, E607 without Spark, E608 without a
        model."""
        if model is None:
            raise ModelError(
                "E608",
                "Spark resolves with a model that was trained before, and there is none.",
                _TRAIN,
            )
        rows, makers = _in_order(records), feature_makers(self.rules.custom)
        features = _features(rows, makers)
        refuse_lacking(model.factors, features, _TRAIN)
        with (
            tempfile.TemporaryDirectory(prefix="identity-spark-", dir=self.folder or None) as name,
            session(self.master, Path(name), self.memory) as spark,
        ):
            frames = Frames(spark, Path(name), self.rules, self.nicknames, model, features)
            return self._resolved(frames, rows, stages, model, verdicts)

    def _resolved(
        self, frames: Frames, rows: pa.Table, stages: StageTimer, model: MatchModel, verdicts: pa.Table | None
    ) -> Resolution:
        keys = rows.select(_KEYS)
        decisions = decisions_among(Population(keys, {}), verdicts)
        with stages.stage("normalise"):
            generic = frames.normalise(rows)
        with stages.stage("block"):
            candidates = frames.block()
        with stages.stage("compare"):
            frames.compare()
        with stages.stage("decide"):
            labels = frames.components(len(rows), decisions)
        with stages.stage("cluster"):
            clusters = frames.clusters(labels, decisions)
            links = frames.links()
        return Resolution(
            clusters=keys.append_column("cluster", pa.array(clusters)),
            links=links_told(
                keys,
                links["left"].to_numpy(),
                links["right"].to_numpy(),
                links["weight"],
                links["weight"].to_numpy() >= self.rules.thresholds.match,
                links["blocked"],
            ),
            model=model,
            trained_now=False,
            candidate_pairs=candidates,
            generic=generic,
            file=_filing(rows, self.rules),
        )


def _in_order(records: pa.Table) -> pa.Table:
    """Return the records in key order, each with its place."""
    order = pc.sort_indices(records, sort_keys=[(name, "ascending") for name in _KEYS])
    places = pa.array(np.arange(len(records), dtype=np.int32))
    return records.take(order).append_column("place", places)


def _features(rows: pa.Table, makers: tuple[FeatureMaker, ...]) -> tuple[str, ...]:
    present = set(rows.column_names)
    return tuple(name for maker in makers if present & set(maker.attributes) for name in maker.features)


def _filing(rows: pa.Table, rules: MatchRules) -> Callable[[Cabinet, Any], Filings]:
    """Return what files the population for real time; it is normalised here, when somebody asks."""

    def filings(into: Cabinet, names: Any) -> Filings:
        raw = populate(rows.drop_columns(["place"]), feature_makers(rules.custom))
        population, _ = demote_generic_values(raw, rules.generic_limits)
        return Filings(population, raw, into, names)

    return filings
