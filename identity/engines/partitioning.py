"""Links of a population → components, every pair inside them → clusters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from identity.engines.comparing import Comparing
from identity.engines.pairs import ScoredPairs, in_slices, inside_groups, pack, unpack_pairs
from identity.engines.population import ABSENT, Column
from identity.engines.weighing import Weighing
from identity.model.match import PartitionRules
from identity.steps.cluster import cluster

__all__ = ["Decisions", "components", "partition", "score", "within_components"]

Labels = NDArray[np.int32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Decisions:
    """What people decided, as packed pairs: `together` holds whatever the weights say, and so does `apart`."""

    together: NDArray[np.int64]
    apart: NDArray[np.int64]


NO_DECISIONS = Decisions(np.empty(0, np.int64), np.empty(0, np.int64))


def score(comparing: Comparing, weighing: Weighing, packed: NDArray[np.int64]) -> ScoredPairs:
    """Return the pairs compared and weighed."""
    left, right = unpack_pairs(packed)
    patterns = in_slices(len(left), np.int64, lambda at: comparing.patterns((left[at], right[at])))
    return weighing.weigh(comparing, ScoredPairs(left, right, patterns, np.empty(0)))


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
    missing = everything[~np.isin(everything, pack(inside.left, inside.right))]
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
    for members, weights in _component_links(inside, labels, split):
        together, apart = _decided(decisions, members)
        values = {kind: _values(column, members) for kind, column in held.items()}
        for found in cluster(
            members, weights, rules, threshold, best_share=best_share, together=together, apart=apart, identifiers=values
        ):
            clusters[found] = fresh
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
    """Return per component whether it is more than one cluster at first sight: all links above the threshold are one."""
    sizes = np.bincount(labels).astype(np.int64)
    above = np.bincount(labels[inside.left[inside.weights > threshold]], minlength=len(sizes))
    doubtful = above < sizes * (sizes - 1) // 2
    doubtful[labels[unpack_pairs(decisions.apart)[0]]] = True
    for kind, column in held.items():
        known = column.codes != ABSENT
        distinct = np.unique(np.stack((labels[known], column.codes[known])), axis=1)[0]
        doubtful |= np.bincount(distinct, minlength=len(sizes)) > rules.distinct_values[kind]
    return doubtful


def _component_links(inside: ScoredPairs, labels: Labels, wanted: Flags):  # type: ignore[no-untyped-def]
    """Yield the members and the weights of each wanted component."""
    chosen = inside.where(wanted[labels[inside.left]])
    component = labels[chosen.left]
    order = np.lexsort((chosen.right, chosen.left, component))
    left, right = chosen.left[order].tolist(), chosen.right[order].tolist()
    weights = chosen.weights[order].tolist()
    starts = np.flatnonzero(np.diff(component[order], prepend=-1)).tolist()
    for start, end in zip(starts, [*starts[1:], len(left)], strict=True):
        pairs = list(zip(left[start:end], right[start:end], strict=True))
        members = sorted({left[start], *right[start:end]})
        yield members, dict(zip(pairs, weights[start:end], strict=True))


def _decided(decisions: Decisions, members: list[int]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    if not len(decisions.together) and not len(decisions.apart):
        return [], []
    inside = set(members)
    chosen = []
    for packed in (decisions.together, decisions.apart):
        pairs = zip(*(side.tolist() for side in unpack_pairs(packed)), strict=True)
        chosen.append([pair for pair in pairs if inside.issuperset(pair)])
    return chosen[0], chosen[1]


def _values(column: Column, members: list[int]) -> dict[int, str]:
    codes = column.codes[members].tolist()
    return {place: column.values[code] for place, code in zip(members, codes, strict=True) if code != ABSENT}
