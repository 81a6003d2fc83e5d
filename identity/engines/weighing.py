"""Match weights of many pairs: table look-ups by cell, and each value's own share where values are equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.comparators.base import EXACT
from identity.engines.comparing import Comparing
from identity.engines.frequencies import Shares
from identity.engines.pairs import Places, ScoredPairs, in_slices
from identity.model.match import Factor
from identity.steps.train import Trained

__all__ = ["Weighing", "unpack", "weighing"]

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

    def weigh(self, comparing: Comparing, pairs: ScoredPairs) -> ScoredPairs:
        """Return `pairs` with their match weights under these parameters."""

        def work(stretch: slice) -> Floats:
            left, right = pairs.left[stretch], pairs.right[stretch]
            return self._weights(comparing, left, right, pairs.patterns[stretch])

        weights = in_slices(len(pairs), np.float64, work)
        return ScoredPairs(pairs.left, pairs.right, pairs.patterns, weights)

    def _weights(self, comparing: Comparing, left: Places, right: Places, patterns: Cells) -> Floats:
        match, household, random = (np.full(len(patterns), share) for share in self.prior)
        for at, (factor, cells) in enumerate(zip(self.factors, unpack(patterns, self.factors), strict=True)):
            match += self.match[at][cells]
            household += self.household[at][cells]
            random += self.random[at][cells]
            self._add_rarities(factor, cells, comparing, (left, right), household, random)
        weights: Floats = match - np.logaddexp2(household, random)
        return weights

    def _add_rarities(
        self,
        factor: Factor,
        cells: Cells,
        comparing: Comparing,
        pairs: tuple[Places, Places],
        household: Floats,
        random: Floats,
    ) -> None:
        # Within a factor only the first equal value counts: a rare house is already a rare postcode.
        unspent = np.ones(len(cells), np.bool_)
        for comparison, levels in zip(factor.comparisons, np.unravel_index(cells, factor.sizes), strict=True):
            rarity = self.rarity.get(comparison.name)
            if rarity is None:
                continue
            equal = np.flatnonzero((levels == EXACT) & unspent)
            unspent[equal] = False
            codes = comparing.columns[comparison.name].column.codes
            adjustment = (rarity[codes[pairs[0][equal]]] + rarity[codes[pairs[1][equal]]]) / 2
            random[equal] += adjustment
            if comparison.of_person:
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
        {name: np.log2(found.by_value) - np.log2(found.chance) for name, found in value_shares.items()},
    )
