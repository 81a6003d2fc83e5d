"""Match weights of many pairs: table look-ups by cell, and each value's own frequency where values are equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.comparators.base import EXACT
from identity.engines.blocking import Pairs
from identity.engines.comparing import Comparing
from identity.engines.population import ABSENT, Column
from identity.model.match import Factor
from identity.steps.train import Trained

__all__ = ["Weighing", "frequencies", "unpack", "weighing"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weighing:
    """A trained model in the form that weighs a population: log2 tables per factor and class."""

    factors: tuple[Factor, ...]
    match: tuple[Floats, ...]
    household: tuple[Floats, ...]
    random: tuple[Floats, ...]
    prior: tuple[float, float, float]
    rarity: Mapping[str, Floats]

    def weights(self, comparing: Comparing, pairs: Pairs, patterns: NDArray[np.int64]) -> Floats:
        """Return the match weight of each pair."""
        cells = unpack(patterns, self.factors)
        match = np.full(len(patterns), self.prior[0])
        household = np.full(len(patterns), self.prior[1])
        random = np.full(len(patterns), self.prior[2])
        for at, factor in enumerate(self.factors):
            match += self.match[at][cells[at]]
            household += self.household[at][cells[at]]
            random += self.random[at][cells[at]]
            self._rarities(factor, cells[at], comparing, pairs, household, random)
        weights: Floats = match - np.logaddexp2(household, random)
        return weights

    def _rarities(
        self,
        factor: Factor,
        cells: NDArray[np.int64],
        comparing: Comparing,
        pairs: Pairs,
        household: Floats,
        random: Floats,
    ) -> None:
        # Within a factor only the first equal value counts: a rare house is already a rare postcode.
        open_pairs = np.ones(len(cells), np.bool_)
        for comparison, levels in zip(factor.comparisons, np.unravel_index(cells, factor.sizes), strict=True):
            rarity = self.rarity.get(comparison.name)
            if rarity is None:
                continue
            equal = np.flatnonzero((levels == EXACT) & open_pairs)
            open_pairs[equal] = False
            codes = comparing.columns[comparison.name].column.codes
            ours, theirs = codes[pairs[0][equal]], codes[pairs[1][equal]]
            adjustment = (rarity[ours] + rarity[theirs]) / 2
            random[equal] += adjustment
            if comparison.of_person:
                household[equal] += adjustment


def unpack(patterns: NDArray[np.int64], factors: tuple[Factor, ...]) -> list[NDArray[np.int64]]:
    """Return each pattern's cell per factor, in the order of `factors`."""
    cells = []
    for factor in reversed(factors):
        patterns, cell = np.divmod(patterns, factor.cells)
        cells.append(cell)
    return cells[::-1]


def frequencies(column: Column) -> tuple[Floats, float]:
    """Return the share of records with each value among those that have one, and the chance that two are equal."""
    counts = column.counts().astype(np.float64)
    total = max(counts.sum(), 2.0)
    return np.maximum(counts, 1.0) / total, float(max((counts * (counts - 1)).sum() / (total * (total - 1)), 1 / total**2))


def weighing(trained: Trained, factors: tuple[Factor, ...], columns: Mapping[str, Column]) -> Weighing:
    """Return the weighing of `trained` with the value frequencies of `columns`."""
    prior = trained.prior
    rarity = {}
    for factor in factors:
        for comparison in factor.comparisons:
            if comparison.term_frequency:
                share, chance = frequencies(columns[comparison.name])
                rarity[comparison.name] = np.log2(share) - np.log2(chance)
    return Weighing(
        factors,
        tuple(np.log2(table) for table in trained.match.by_factor),
        tuple(np.log2(table) for table in trained.household.by_factor),
        tuple(np.log2(table) for table in trained.random.by_factor),
        (np.log2(prior.match), np.log2(prior.household), np.log2(1 - prior.match - prior.household)),
        rarity,
    )


assert ABSENT < 0
