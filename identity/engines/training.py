"""A population → a match model: count comparison patterns, run EM, then look again at the clusters that came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from identity.engines.comparing import Comparing
from identity.engines.frequencies import Shares, shares
from identity.engines.pairs import ScoredPairs, among, distinct, in_slices, joined
from identity.engines.partitioning import Labels, partition, score, within_components
from identity.engines.weighing import Weighing, unpack, weighing
from identity.model.match import Factor, MatchRules
from identity.steps.train import (
    Chances,
    PatternCounts,
    Trained,
    at_home,
    of_person,
    pair_space,
    random_chances,
    reestimate,
    train,
)

__all__ = ["Learnt", "careful_clusters", "count_patterns", "learn", "value_shares"]

_RANDOM_PAIRS = 500_000
_LOOKS = 2
_SEED = 1969  # the year of Fellegi and Sunter's paper


@dataclass(frozen=True, slots=True)
class Learnt:
    """Parameters, value shares, and the pairs inside components that were met on the way."""

    trained: Trained
    shares: Mapping[str, Shares]
    met: ScoredPairs


@dataclass(frozen=True, slots=True)
class _RandomPairs:
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    cells: list[NDArray[np.int64]]


def learn(comparing: Comparing, candidates: ScoredPairs, records: int, rules: MatchRules) -> Learnt:
    """Return what the candidate pairs of a population of `records` teach. Nothing here reads a label.

    EM starts from frequencies that count one person's records as different people. Two looks at the clusters found
    (by plain mean linkage: an over-merged cluster would teach itself) correct m, u, the prior and the frequencies.
    """
    random = _random_pairs(comparing, records)
    told = value_shares(comparing, None)
    total_pairs = pair_space(records)
    counted = count_patterns(candidates.patterns, comparing.factors, total_pairs)
    trained = train(counted, _chances(comparing, random, told, None), comparing.factors, records)
    weights = weighing(trained, comparing.factors, told)
    met, ordered = joined([]), np.sort(candidates.packed)
    for _ in range(_LOOKS):
        inside, clusters = _look(comparing, candidates.and_also(met), weights, records, rules)
        together = inside.patterns[clusters[inside.left] == clusters[inside.right]]
        told = value_shares(comparing, clusters)
        trained = _corrected(
            reestimate(trained, count_patterns(together, comparing.factors, total_pairs), comparing.factors),
            _chances(comparing, random, told, clusters),
            comparing.factors,
        )
        weights = weighing(trained, comparing.factors, told)
        met = inside.where(~among(inside.packed, ordered))
    return Learnt(trained, told, met)


def careful_clusters(
    comparing: Comparing, candidates: ScoredPairs, weights: Weighing, records: int, rules: MatchRules
) -> Labels:
    """Return the clusters that frequencies count people by: an over-merged one would make its values look rare."""
    return _look(comparing, candidates, weights, records, rules)[1]


def count_patterns(
    patterns: NDArray[np.int64], factors: tuple[Factor, ...], total_pairs: float
) -> PatternCounts:
    """Return how often each distinct pattern occurs."""
    found, place = distinct(patterns)
    counts = np.bincount(place, minlength=len(found)).astype(np.float64)
    return PatternCounts(tuple(unpack(found, factors)), counts, total_pairs)


def _look(
    comparing: Comparing, candidates: ScoredPairs, weights: Weighing, records: int, rules: MatchRules
) -> tuple[ScoredPairs, Labels]:
    """Return all pairs inside components, weighed, and the careful clusters they form."""
    inside, components = within_components(
        records,
        weights.weigh(comparing, candidates, 0.0),
        rules.partition,
        0.0,
        lambda missing: score(comparing, weights, missing),
    )
    return inside, partition(inside, components, rules.partition, 0.0, best_share=0.0)


def _corrected(trained: Trained, random: Chances, factors: tuple[Factor, ...]) -> Trained:
    household = tuple(
        at_home(factor, u, m) if of_person(factor) else h
        for factor, h, u, m in zip(
            factors, trained.household.by_factor, random.by_factor, trained.match.by_factor, strict=True
        )
    )
    return replace(trained, random=random, household=Chances(household))


def value_shares(comparing: Comparing, clusters: Labels | None) -> dict[str, Shares]:
    """Return how common each value is; with `clusters`, one person's records count as one where that is told."""
    return {
        comparison.name: shares(comparing.columns[comparison.name].column, clusters)
        for factor in comparing.factors
        for comparison in factor.comparisons
    }


def _random_pairs(comparing: Comparing, records: int) -> _RandomPairs:
    """Return pairs drawn at random: a shuffle of the places, each with its neighbours at growing distance."""
    # Places are in key order and the seed is fixed: the sample depends on which records there are, on nothing else.
    shuffled = np.random.default_rng(_SEED).permutation(records).astype(np.int32)
    distances = range(1, max(2, min((records + 1) // 2, 1 + -(-_RANDOM_PAIRS // max(records, 1)))))
    one = np.tile(shuffled, len(distances))
    other = np.concatenate([np.roll(shuffled, -distance) for distance in distances])
    left, right = np.minimum(one, other), np.maximum(one, other)
    patterns = in_slices(len(left), np.int64, lambda at: comparing.patterns((left[at], right[at])))
    return _RandomPairs(left, right, unpack(patterns, comparing.factors))


def _chances(
    comparing: Comparing, random: _RandomPairs, value_shares: Mapping[str, Shares], clusters: Labels | None
) -> Chances:
    strangers = slice(None) if clusters is None else clusters[random.left] != clusters[random.right]
    return Chances(
        tuple(
            random_chances(
                factor,
                cells[strangers],
                [value_shares[comparison.name].chance for comparison in factor.comparisons],
            )
            for factor, cells in zip(comparing.factors, random.cells, strict=True)
        )
    )
