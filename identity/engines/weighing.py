"""Match weights of many pairs: table look-ups by cell, and each value's own share where values are equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.comparators.base import EXACT
from identity.engines.comparing import Comparing
from identity.engines.frequencies import Shares
from identity.engines.pairs import ScoredPairs, distinct, joined, slices
from identity.model.match import Comparison, Factor
from identity.steps.train import Trained

__all__ = ["Weighing", "rarities", "rarity", "unpack", "weighing"]

Floats = NDArray[np.float64]
Cells = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Weighing:
    """Parameters in the form that weighs a population: log2 tables per factor and class, rarities per value."""

    factors: tuple[Factor, ...]
    match: tuple[Floats, ...]
    household: tuple[Floats, ...]
    random: tuple[Floats, ...]
    prior: tuple[float, float, float]
    rarity: Mapping[str, Floats]

    def weigh(self, comparing: Comparing, pairs: ScoredPairs, least: float = -np.inf) -> ScoredPairs:
        """Return `pairs` with their match weights, without those that cannot reach `least`."""
        weighed = [self._weighed(comparing, pairs.stretch(at), least) for at in slices(len(pairs))]
        return joined(weighed)

    def told(self, pattern: int) -> tuple[float, float, float, tuple[Comparison, ...]]:
        """Return log2 of prior × likelihood for each class, and the comparisons whose equal values add their rarity."""
        patterns = np.array([pattern], np.int64)
        match, household, random = (float(log[0]) for log in self._logs(patterns))
        exact = tuple(shared[level[0] - 1] for shared, level in self._exact_levels(patterns))
        return match, household, random, exact

    def _weighed(self, comparing: Comparing, pairs: ScoredPairs, least: float) -> ScoredPairs:
        patterns, place = distinct(pairs.patterns)
        logs = self._logs(patterns)
        if least > -np.inf:
            possible = (self._at_most(patterns, logs) >= least)[place]
            pairs, place = pairs.where(possible), place[possible]
        match, household, random = (log[place] for log in logs)
        for factor, levels in self._exact_levels(patterns):
            self._add_rarity(factor, levels[place], comparing, pairs, household, random)
        weights: Floats = match - np.logaddexp2(household, random)
        return ScoredPairs(pairs.left, pairs.right, pairs.patterns, weights)

    def _logs(self, patterns: Cells) -> tuple[Floats, Floats, Floats]:
        """Return per pattern log2 of prior × likelihood for each class, before any value's own share."""
        match, household, random = (np.full(len(patterns), share) for share in self.prior)
        for at, cells in enumerate(unpack(patterns, self.factors)):
            match += self.match[at][cells]
            household += self.household[at][cells]
            random += self.random[at][cells]
        return match, household, random

    def _at_most(self, patterns: Cells, logs: tuple[Floats, Floats, Floats]) -> Floats:
        """Return per pattern the weight of a pair whose equal values are all as rare as can be."""
        match, household, random = logs[0], logs[1].copy(), logs[2].copy()
        for comparisons, exact in self._exact_levels(patterns):
            for at, comparison in enumerate(comparisons, 1):
                rarest = np.where(exact == at, self.rarity[comparison.name].min(initial=0.0), 0.0)
                random += rarest
                household += rarest * comparison.chance_at_home
        bound: Floats = match - np.logaddexp2(household, random)
        return bound

    def _exact_levels(self, patterns: Cells) -> Iterator[tuple[tuple[Comparison, ...], NDArray[np.int8]]]:
        """Yield per factor its comparisons with shares and, per pattern, which of them (from 1) is equal first.

        Only the first equal value of a factor counts: a rare house is already a rare postcode.
        """
        for factor, cells in zip(self.factors, unpack(patterns, self.factors), strict=True):
            shared = tuple(found for found in factor.comparisons if found.name in self.rarity)
            levels = dict(zip(factor.comparisons, np.unravel_index(cells, factor.sizes), strict=True))
            first = np.zeros(len(patterns), np.int8)
            for at, comparison in enumerate(shared, 1):
                first[(first == 0) & (levels[comparison] == EXACT)] = at
            if first.any():
                yield shared, first

    def _add_rarity(
        self,
        comparisons: tuple[Comparison, ...],
        exact: NDArray[np.int8],
        comparing: Comparing,
        pairs: ScoredPairs,
        household: Floats,
        random: Floats,
    ) -> None:
        for at, comparison in enumerate(comparisons, 1):
            equal = np.flatnonzero(exact == at)
            rarity, codes = self.rarity[comparison.name], comparing.columns[comparison.name].column.codes
            adjustment = (rarity[codes[pairs.left[equal]]] + rarity[codes[pairs.right[equal]]]) / 2
            random[equal] += adjustment
            if comparison.chance_at_home:
                household[equal] += adjustment


def unpack(patterns: Cells, factors: Sequence[Factor]) -> list[Cells]:
    """Return each pattern's cell per factor, in the order of `factors`."""
    cells = []
    for factor in reversed(factors):
        patterns, cell = np.divmod(patterns, factor.cells)
        cells.append(cell)
    return cells[::-1]


def weighing(trained: Trained, factors: tuple[Factor, ...], value_shares: Mapping[str, Shares]) -> Weighing:
    """Return the weighing of `trained`; comparisons without shares weigh all their values alike."""
    prior = trained.prior
    return Weighing(
        factors,
        tuple(np.log2(table) for table in trained.match.by_factor),
        tuple(np.log2(table) for table in trained.household.by_factor),
        tuple(np.log2(table) for table in trained.random.by_factor),
        (
            float(np.log2(prior.match)),
            float(np.log2(prior.household)),
            float(np.log2(1 - prior.match - prior.household)),
        ),
        rarities(factors, value_shares),
    )


def rarities(factors: tuple[Factor, ...], value_shares: Mapping[str, Shares]) -> dict[str, Floats]:
    """Return the rarity of each value of each comparison that has shares."""
    return {
        comparison.name: rarity(value_shares[comparison.name])
        for factor in factors
        for comparison in factor.comparisons
        if comparison.term_frequency and comparison.name in value_shares
    }


def rarity(found: Shares) -> Floats:
    """Return what each value adds to log2 u for being common."""
    added: Floats = np.log2(found.by_value) - np.log2(found.chance)
    return added
