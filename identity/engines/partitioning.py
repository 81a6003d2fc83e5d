"""Links of a population → components, every pair inside them → clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from identity.engines.comparing import Comparing
from identity.engines.pairs import Places, ScoredPairs, among, in_slices, inside_groups, unpack_pairs
from identity.engines.population import ABSENT, Column
from identity.engines.weighing import Weighing
from identity.model.match import PartitionRules
from identity.steps.cluster import Weights, cluster

__all__ = ["Decisions", "compared", "components", "partition", "score", "within_components"]

Labels = NDArray[np.int32]
Flags = NDArray[np.bool_]
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Decisions:
    """What people decided, as packed pairs: `together` holds whatever the weights say, and so does `apart`."""

    together: NDArray[np.int64]
    apart: NDArray[np.int64]


NO_DECISIONS = Decisions(np.empty(0, np.int64), np.empty(0, np.int64))


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
    labels = _bounded(records, pairs, rules.largest_component, threshold, decisions)
    inside = pairs.where(labels[pairs.left] == labels[pairs.right])
    everything = inside_groups(labels, rules.largest_component)
    missing = everything[~among(everything, np.sort(inside.packed))]
    return inside.and_also(more(missing)), labels


def _bounded(
    records: int, pairs: ScoredPairs, largest: int, threshold: float, decisions: Decisions
) -> Labels:
    together = unpack_pairs(decisions.together)
    strong = pairs.weights > threshold
    while True:
        left = np.concatenate((pairs.left[strong], together[0]))
        right = np.concatenate((pairs.right[strong], together[1]))
        labels = components(records, left, right)
        oversized = np.bincount(labels) > largest
        trimmed = strong & ~(oversized[labels[pairs.left]] & (pairs.weights <= threshold + 1))
        threshold += 1
        if not oversized.any() or not strong.any():
            return labels
        strong = trimmed


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
    clusters = labels.copy()
    fresh = int(labels.max(initial=-1)) + 1
    held = {kind: column for kind, column in (identifiers or {}).items() if kind in rules.distinct_values}
    split = _need_thought(inside, labels, threshold, decisions, held, rules)
    for members, weights in _matrices(inside, labels, split):
        together, apart = _decided(decisions, members)
        values = {kind: _values(column, members) for kind, column in held.items()}
        for found in cluster(
            weights,
            rules,
            threshold,
            best_share=best_share,
            together=together,
            apart=apart,
            identifiers=values,
        ):
            clusters[members[found]] = fresh
            fresh += 1
    return np.unique(clusters, return_inverse=True)[1].astype(np.int32)


def _need_thought(
    inside: ScoredPairs,
    labels: Labels,
    threshold: float,
    decisions: Decisions,
    held: dict[str, Column],
    rules: PartitionRules,
) -> Flags:
    """Return per component whether it may be more than one cluster: one with all links above the threshold is not."""
    sizes = np.bincount(labels).astype(np.int64)
    above = np.bincount(labels[inside.left[inside.weights > threshold]], minlength=len(sizes))
    doubtful = above < sizes * (sizes - 1) // 2
    doubtful[labels[unpack_pairs(decisions.apart)[0]]] = True
    for kind, column in held.items():
        known = column.codes != ABSENT
        distinct = np.unique(np.stack((labels[known], column.codes[known])), axis=1)[0]
        doubtful |= np.bincount(distinct, minlength=len(sizes)) > rules.distinct_values[kind]
    return doubtful


def _matrices(inside: ScoredPairs, labels: Labels, wanted: Flags) -> Iterator[tuple[Places, Weights]]:
    """Yield, per wanted component, its members in key order and the matrix of their weights."""
    chosen = inside.where(wanted[labels[inside.left]])
    by_component = np.argsort(labels, kind="stable").astype(np.int32)
    first = np.searchsorted(labels[by_component], np.arange(len(wanted) + 1))
    component = labels[chosen.left]
    order = np.argsort(component, kind="stable")
    left, right, weights = chosen.left[order], chosen.right[order], chosen.weights[order]
    starts = np.flatnonzero(np.diff(component[order], prepend=-1)).tolist()
    for start, end in zip(starts, [*starts[1:], len(left)], strict=bool(starts)):
        found = labels[left[start]]
        members = by_component[first[found] : first[found + 1]]
        matrix = np.full((len(members), len(members)), np.nan)
        one, other = np.searchsorted(members, left[start:end]), np.searchsorted(members, right[start:end])
        matrix[one, other] = matrix[other, one] = weights[start:end]
        yield members, matrix


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
