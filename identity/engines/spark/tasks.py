"""What workers do: Arrow rows in, Arrow rows out, by the very functions that one machine uses.

Each task is a frozen value that Spark sends to its workers; a lot of rows is a small population there. Nothing about a
pair depends on the lot that it is in: levels and weights are functions of two records and the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from identity.comparators import Nicknames, comparators
from identity.engines.comparing import comparing
from identity.engines.filing import Filings, texts
from identity.engines.pairs import ScoredPairs, pack, unpack_pairs
from identity.engines.partitioning import Decisions, partition, score
from identity.engines.population import Population, column_of, populate
from identity.engines.stored_model import parameters_of
from identity.engines.weighing import weighing
from identity.features.digests import digest
from identity.model.match import MatchModel, MatchRules
from identity.steps.block import blocking_parts
from identity.steps.file import cabinet
from identity.steps.normalise import feature_makers

__all__ = ["Cluster", "Compare", "File", "Normalise", "pairs_of"]

Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class Normalise:
    """place and attributes → place and `features`."""

    custom: tuple[str, ...]
    features: tuple[str, ...]

    def __call__(self, batches: Batches) -> Batches:
        makers = feature_makers(self.custom)
        for batch in batches:
            rows = pa.Table.from_batches([batch])
            # Keys that sort as the rows stand: the population keeps their order.
            keyed = rows.append_column("source", pa.array([""] * len(rows), pa.string())).append_column(
                "source_record_id", pa.array([f"{row:012}" for row in range(len(rows))])
            )
            population = populate(keyed, makers)
            told = [texts(population.columns.get(name), len(rows)) for name in self.features]
            yield from pa.table([rows["place"], *told], ["place", *self.features]).to_batches()


@dataclass(frozen=True)
class File:
    """place and features → `key` (a place among the blocking keys), `block` and place, for each block of a record."""

    rules: MatchRules
    nicknames: Nicknames

    def __call__(self, batches: Batches) -> Batches:
        parts = blocking_parts(self.nicknames)
        for batch in batches:
            rows = pa.Table.from_batches([batch])
            population, places = _population(rows, rows["place"]), rows["place"].to_numpy()
            for at, key in enumerate(self.rules.blocking):
                filings = Filings(population, population, cabinet((key,), parts, (), digest), ())
                blocks, whose = filings.blocks(np.arange(len(rows)))
                if len(blocks):
                    told = [np.full(len(blocks), at, np.int32), blocks, places[whose]]
                    yield from pa.table(told, ["key", "block", "place"]).to_batches()


def pairs_of(batches: Batches) -> Batches:
    """`members` (places, ascending) → `left` and `right` of every pair among them, each pair of a lot once."""
    for batch in batches:
        members = batch.column("members")
        places, offsets = members.flatten().to_numpy(), members.offsets.to_numpy()
        starts, sizes = offsets[:-1] - offsets[0], np.diff(offsets)
        found = [np.empty(0, np.int64)]
        for size in np.unique(sizes).tolist():
            block = places[starts[sizes == size][:, None] + np.arange(size)]
            one, other = np.triu_indices(size, 1)
            found.append(pack(block[:, one].ravel(), block[:, other].ravel()))
        left, right = unpack_pairs(np.unique(np.concatenate(found)))
        yield from pa.table([left, right], ["left", "right"]).to_batches()


@dataclass(frozen=True)
class Compare:
    """left, right and the features of both (`l_…`, `r_…`) → left, right and `weight`, at least `least`."""

    model: MatchModel
    rules: MatchRules
    nicknames: Nicknames
    least: float

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(comparison.name for factor in self.model.factors for comparison in factor.comparisons)

    def __call__(self, batches: Batches) -> Batches:
        known = comparators(self.nicknames)
        for batch in batches:
            if not len(batch):
                continue
            rows = pa.Table.from_batches([batch])
            places, first, packed = _distinct(rows)
            columns = {name: column_of(_both(rows, name).take(first)) for name in self.features}
            ready = comparing(
                Population(pa.table({"place": places}), columns), self.model.factors, known, self.rules.swaps
            )
            parameters = parameters_of(self.model, ready)
            weights = weighing(parameters.trained, ready.factors, parameters.shares)
            scored = score(ready, weights, packed)
            scored = scored.where(scored.weights >= self.least)
            told = [places[scored.left], places[scored.right], scored.weights]
            yield from pa.table(told, ["left", "right", "weight"]).to_batches()


@dataclass(frozen=True)
class Cluster:
    """Some components whole: their members (place, component, limited identifiers) and the weights of all pairs inside
    → place and `first`, the first member of its cluster."""

    rules: MatchRules
    limited: tuple[str, ...]
    together: NDArray[np.int64]
    apart: NDArray[np.int64]

    def __call__(self, members: pa.Table, pairs: pa.Table) -> pa.Table:
        members = members.sort_by("place")
        places = members["place"].to_numpy()
        labels = np.unique(members["component"].to_numpy(), return_inverse=True)[1].astype(np.int32)
        left, right = (self._local(places, pairs[side].to_numpy()) for side in ("left", "right"))
        inside = ScoredPairs(left, right, np.zeros(len(left), np.int64), pairs["weight"].to_numpy())
        clusters = partition(
            inside,
            labels,
            self.rules.partition,
            self.rules.thresholds.match,
            decisions=Decisions(self._among(places, self.together), self._among(places, self.apart)),
            identifiers={name: column_of(members[name]) for name in self.limited},
        )
        first = np.unique(clusters, return_index=True)[1][clusters]
        return pa.table([places, places[first]], ["place", "first"])

    def _local(self, places: NDArray[np.int32], wanted: NDArray[np.int32]) -> NDArray[np.int32]:
        return np.searchsorted(places, wanted).astype(np.int32)

    def _among(self, places: NDArray[np.int32], packed: NDArray[np.int64]) -> NDArray[np.int64]:
        left, right = unpack_pairs(packed)
        ours = np.isin(left, places) & np.isin(right, places)
        return pack(self._local(places, left[ours]), self._local(places, right[ours]))


def _population(rows: pa.Table, places: pa.ChunkedArray) -> Population:
    names = [name for name in rows.column_names if name != "place"]
    return Population(pa.table({"place": places}), {name: column_of(rows[name]) for name in names})


def _distinct(rows: pa.Table) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Return the records of a lot of pairs, in order, the first row of each, and the pairs among them, packed."""
    left, right = rows["left"].to_numpy(), rows["right"].to_numpy()
    places, first, local = np.unique(np.concatenate((left, right)), return_index=True, return_inverse=True)
    one, other = local[: len(left)].astype(np.int32), local[len(left) :].astype(np.int32)
    return places, first, pack(one, other)


def _both(rows: pa.Table, name: str) -> pa.Array:
    return pa.chunked_array([*rows[f"l_{name}"].chunks, *rows[f"r_{name}"].chunks]).combine_chunks()
