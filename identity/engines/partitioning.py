"""Links of a population → components, every pair inside them → clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from identity.engines.comparing import Comparing
from identity.engines.pairs import (
    Places,
    ScoredPairs,
    among,
    distinct,
    in_slices,
    inside_groups,
    pack,
    unpack_pairs,
)
from identity.engines.population import ABSENT, Column, Population
from identity.engines.weighing import Weighing
from identity.model.judgement import Judgement
from identity.model.match import PartitionRules
from identity.steps.cluster import Weights, cluster, cluster_many

__all__ = [
    "Decisions",
    "bounded",
    "compared",
    "components",
    "decisions_among",
    "partition",
    "score",
    "within_components",
]

Labels = NDArray[np.int32]
Flags = NDArray[np.bool_]
Pair = tuple[int, int]

_CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Decisions:
    """What people decided, as packed pairs: `together` holds whatever the weights say, and so does `apart`."""

    together: NDArray[np.int64]
    apart: NDArray[np.int64]


NO_DECISIONS = Decisions(np.empty(0, np.int64), np.empty(0, np.int64))


def decisions_among(population: Population, verdicts: pa.Table | None) -> Decisions:
    """Return VERDICTS as packed pairs; those on records that are not in the population say nothing now."""
    if verdicts is None or not verdicts.num_rows:
        return NO_DECISIONS
    left, right = (_places(population, verdicts, side) for side in ("left", "right"))
    known = (left >= 0) & (right >= 0)
    matched = pc.equal(verdicts["judgement"], Judgement.MATCH.value).to_numpy()
    packed = pack(left, right)
    return Decisions(np.unique(packed[known & matched]), np.unique(packed[known & ~matched]))


def _places(population: Population, verdicts: pa.Table, side: str) -> Places:
    """Return the place of each verdict's record, -1 where it has none."""
    names = population.keys.column_names
    keys = pa.table(
        {name: verdicts[f"{side}_{what}"] for name, what in zip(names, ("source", "id"), strict=True)}
    )
    placed = population.keys.append_column("place", pa.array(np.arange(len(population), dtype=np.int32)))
    asked = keys.append_column("row", pa.array(np.arange(keys.num_rows)))
    found = asked.join(placed, names, join_type="left outer").sort_by("row")
    return np.asarray(found["place"].fill_null(-1).to_numpy(), np.int32)


def compared(comparing: Comparing, packed: NDArray[np.int64]) -> ScoredPairs:
    """Return the pairs compared, not yet weighed."""
    left, right = unpack_pairs(packed)
    patterns = in_slices(len(left), np.int64, lambda at: comparing.patterns((left[at], right[at])))
    return ScoredPairs(left, right, patterns, np.zeros(len(left)))


def score(comparing: Comparing, weighing: Weighing, packed: NDArray[np.int64]) -> ScoredPairs:
    """Return the pairs compared and weighed."""
    return weighing.weigh(comparing, compared(comparing, packed))


def components(records: int, left: NDArray[np.int32], right: NDArray[np.int32]) -> Labels:
    """Return a label per record, the same for records connected by pairs."""
    links = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(records, records))
    return np.asarray(connected_components(links, directed=False)[1], np.int32)


def within_components(
    records: int,
    pairs: ScoredPairs,
    rules: PartitionRules,
    threshold: float,
    more: Callable[[NDArray[np.int64]], ScoredPairs],
    decisions: Decisions = NO_DECISIONS,
) -> tuple[ScoredPairs, Labels]:
    """Return all pairs inside the components that links above `threshold` form, and each record's component.

    Pairs that blocking never proposed are scored by `more`: a weak link is judged by all the company it keeps. A
    component beyond `rules.largest_component` loses its weakest links first, so that the work stays bounded.
    """
    labels = bounded(records, pairs, rules.largest_component, threshold, decisions)
    inside = pairs.where(labels[pairs.left] == labels[pairs.right])
    everything = inside_groups(labels, rules.largest_component)
    missing = everything[~among(everything, np.sort(inside.packed))]
    return inside.and_also(more(missing)), labels


def bounded(records: int, pairs: ScoredPairs, largest: int, threshold: float, decisions: Decisions) -> Labels:
    """Return each record's component, so that none is larger than `largest` but by people's decisions."""
    together = unpack_pairs(decisions.together)
    strong = pairs.weights > threshold
    while True:
        left = np.concatenate((pairs.left[strong], together[0]))
        right = np.concatenate((pairs.right[strong], together[1]))
        labels = components(records, left, right)
        oversized = np.bincount(labels) > largest
        cut = strong & oversized[labels[pairs.left]]
        if not cut.any():
            return labels
        threshold += 1
        strong &= ~(cut & (pairs.weights <= threshold))


def partition(
    inside: ScoredPairs,
    labels: Labels,
    rules: PartitionRules,
    threshold: float,
    *,
    best_share: float | None = None,
    decisions: Decisions = NO_DECISIONS,
    identifiers: dict[str, Column] | None = None,
) -> Labels:
    """Return a cluster label per record. `inside` holds every pair inside each component of `labels`."""
    components = _Components.of(labels)
    clusters = components.first_members()[labels]
    held = {kind: column for kind, column in (identifiers or {}).items() if kind in rules.distinct_values}
    special = _bound_by_more_than_weights(labels, len(components), decisions, held, rules)
    for members, weights in _matrices(
        inside, labels, components, _doubtful(inside, components, labels, threshold) & ~special
    ):
        home = cluster_many(weights, rules, threshold, best_share=best_share)
        clusters[members] = np.take_along_axis(members, home, axis=1)
    for members, weights in _matrices(inside, labels, components, special):
        for its_members, its_weights in zip(members, weights, strict=True):
            together, apart = _decided(decisions, its_members)
            values = {kind: _values(column, its_members) for kind, column in held.items()}
            for found in cluster(
                its_weights,
                rules,
                threshold,
                best_share=best_share,
                together=together,
                apart=apart,
                identifiers=values,
            ):
                clusters[its_members[found]] = its_members[found[0]]
    return np.unique(clusters, return_inverse=True)[1].astype(np.int32)


@dataclass(frozen=True, slots=True)
class _Components:
    """The members of each component in key order: those of component c begin at `start[c]` of `members`."""

    members: Places
    start: NDArray[np.int64]
    rank: Places

    @classmethod
    def of(cls, labels: Labels) -> _Components:
        members = np.argsort(labels, kind="stable").astype(np.int32)
        start = np.searchsorted(labels[members], np.arange(int(labels.max(initial=-1)) + 2))
        rank = np.empty(len(labels), np.int32)
        rank[members] = np.arange(len(labels)) - start[labels[members]]
        return cls(members, start, rank)

    def __len__(self) -> int:
        return len(self.start) - 1

    def sizes(self) -> NDArray[np.int64]:
        return np.asarray(np.diff(self.start), np.int64)

    def first_members(self) -> Places:
        return np.asarray(self.members[self.start[:-1]], np.int32)

    def of_each(self, components: NDArray[np.int64], size: int) -> Places:
        """Return a row of members for each of some components of one size."""
        return np.asarray(self.members[self.start[components][:, None] + np.arange(size)], np.int32)


def _doubtful(inside: ScoredPairs, components: _Components, labels: Labels, threshold: float) -> Flags:
    """Return per component whether it may be more than one cluster: one with all links above the threshold is not."""
    sizes = components.sizes()
    above = np.bincount(labels[inside.left[inside.weights > threshold]], minlength=len(sizes))
    doubtful: Flags = above < sizes * (sizes - 1) // 2
    return doubtful


def _bound_by_more_than_weights(
    labels: Labels, components: int, decisions: Decisions, held: dict[str, Column], rules: PartitionRules
) -> Flags:
    """Return per component whether people's decisions or limits on identifiers have a say in it."""
    special = np.zeros(components, np.bool_)
    for packed in (decisions.together, decisions.apart):
        for side in unpack_pairs(packed):
            special[labels[side]] = True
    for kind, column in held.items():
        known = column.codes != ABSENT
        value = labels[known].astype(np.int64) << 32 | column.codes[known]
        special |= np.bincount(distinct(value)[0] >> 32, minlength=components) > rules.distinct_values[kind]
    return special


def _matrices(
    inside: ScoredPairs, labels: Labels, components: _Components, wanted: Flags
) -> Iterator[tuple[Places, Weights]]:
    """Yield wanted components of one size at a time: b × n members in key order, b × n × n weights (NaN: unknown)."""
    chosen = inside.where(wanted[labels[inside.left]])
    component, sizes = labels[chosen.left], components.sizes()
    for size in np.unique(sizes[wanted]).tolist():
        for batch in _batches(np.flatnonzero(wanted & (sizes == size)), size):
            row = np.full(len(sizes), -1, np.int64)
            row[batch] = np.arange(len(batch))
            its = np.flatnonzero(row[component] >= 0)
            weights = np.full((len(batch), size, size), np.nan)
            at, one, other = (
                row[component[its]],
                components.rank[chosen.left[its]],
                components.rank[chosen.right[its]],
            )
            weights[at, one, other] = weights[at, other, one] = chosen.weights[its]
            yield components.of_each(batch, size), weights


def _batches(components: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    most = max(1, _CELLS_AT_ONCE // (size * size))
    return (components[start : start + most] for start in range(0, len(components), most))


def _decided(decisions: Decisions, members: Places) -> tuple[list[Pair], list[Pair]]:
    """Return the decisions about these members, by their places among them."""
    chosen: list[list[Pair]] = []
    for packed in (decisions.together, decisions.apart):
        left, right = unpack_pairs(packed)
        if not len(left):
            chosen.append([])
            continue
        ours = np.isin(left, members) & np.isin(right, members)
        places = np.searchsorted(members, left[ours]), np.searchsorted(members, right[ours])
        chosen.append(list(zip(places[0].tolist(), places[1].tolist(), strict=True)))
    return chosen[0], chosen[1]


def _values(column: Column, members: Places) -> list[str]:
    return [column.values[code] if code != ABSENT else "" for code in column.codes[members].tolist()]
