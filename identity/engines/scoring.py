"""A few records' pairs weighed in process: the batch engine's arithmetic on a handful of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pyarrow as pa

from identity.comparators import Comparator
from identity.engines.comparing import comparing
from identity.engines.frequencies import Shares
from identity.engines.pairs import ScoredPairs
from identity.engines.population import ABSENT, Column, Population
from identity.engines.weighing import rarities, rarity, weighing
from identity.features.digests import digest
from identity.model.match import MatchModel
from identity.model.record import NormalisedRecord
from identity.steps.compare import cell, levels
from identity.steps.train import Chances, Prior, Trained

__all__ = ["ModelScorer"]

_FEW = 150
_NO_KEYS = pa.table({"source": pa.nulls(0, pa.string())})


class ModelScorer:
    """Weighs pairs by one frozen model; see `Scorer`.

    Few pairs are weighed one by one, many column by column, with the same arithmetic in the same order: equal weights
    have to be equal to the last bit, or ties would break.
    """

    def __init__(self, model: MatchModel, comparators: Mapping[str, Comparator]) -> None:
        self.model = model
        self._comparators = comparators
        self._names = tuple(c.name for factor in model.factors for c in factor.comparisons)
        nothing = {name: self._shares(name, ()) for name in model.frequencies}
        self._tables = weighing(_trained(model), model.factors, nothing)
        # Patterns and values come again and again.
        self._told = lru_cache(maxsize=1 << 16)(self._tables.told)
        self._rarity = lru_cache(maxsize=1 << 16)(self._rarity_of)

    def weigh(self, records: Sequence[NormalisedRecord], pairs: Sequence[tuple[int, int]]) -> list[float]:
        """Return the match weight of each pair of places in `records`."""
        if not pairs:
            return []
        if len(pairs) <= _FEW:
            return self._one_by_one([(records[left], records[right]) for left, right in pairs])
        return self._by_columns(records, pairs)

    def _one_by_one(self, pairs: Sequence[tuple[NormalisedRecord, NormalisedRecord]]) -> list[float]:
        match, household, random = np.array([self._logs(left, right) for left, right in pairs]).T
        weights: list[float] = (match - np.logaddexp2(household, random)).tolist()
        return weights

    def _logs(self, left: NormalisedRecord, right: NormalisedRecord) -> tuple[float, float, float]:
        """Return log2 of prior × likelihood for each class, each equal value weighed by how common it is."""
        match, household, random, exact = self._told(self._pattern(left, right))
        for comparison in exact:
            name = comparison.name
            adjustment = (
                self._rarity(name, left.features[name]) + self._rarity(name, right.features[name])
            ) / 2
            random += adjustment
            if comparison.chance_at_home:
                household += adjustment
        return match, household, random

    def _pattern(self, left: NormalisedRecord, right: NormalisedRecord) -> int:
        left, right = (left, right) if left.key < right.key else (right, left)
        vector, pattern = levels(left, right, self.model, self._comparators), 0
        for factor in self.model.factors:
            pattern = pattern * factor.cells + cell(factor, vector)
        return pattern

    def _by_columns(
        self, records: Sequence[NormalisedRecord], pairs: Sequence[tuple[int, int]]
    ) -> list[float]:
        places = np.sort(np.array(pairs, np.int32), axis=1)
        left, right = places[:, 0], places[:, 1]
        population = Population(_NO_KEYS, {name: _column(records, name) for name in self._names})
        ready = comparing(population, self.model.factors, self._comparators, self.model.rules.swaps)
        met = ScoredPairs(left, right, ready.patterns((left, right)), np.zeros(len(left)))
        shares = {
            name: self._shares(name, ready.columns[name].column.values) for name in self.model.frequencies
        }
        tables = replace(self._tables, rarity=rarities(self.model.factors, shares))
        weights: list[float] = tables.weigh(ready, met).weights.tolist()
        return weights

    def _shares(self, name: str, values: Sequence[str]) -> Shares:
        by_value = np.array([self._share(name, value) for value in values], np.float64)
        return Shares(by_value, self.model.rarest[name], self.model.exact_chance[name])

    def _share(self, name: str, value: str) -> float:
        return self.model.frequencies[name].get(digest(value), self.model.rarest[name])

    def _rarity_of(self, name: str, value: str) -> float:
        return float(rarity(self._shares(name, (value,)))[0])


def _column(records: Sequence[NormalisedRecord], name: str) -> Column:
    places: dict[str, int] = {}
    codes = [
        places.setdefault(value, len(places)) if (value := record.features.get(name)) else ABSENT
        for record in records
    ]
    return Column(np.array(codes, np.int32), list(places))


def _trained(model: MatchModel) -> Trained:
    return Trained(
        Chances(tuple(np.array(table.match) for table in model.probabilities)),
        Chances(tuple(np.array(table.household) for table in model.probabilities)),
        Chances(tuple(np.array(table.random) for table in model.probabilities)),
        Prior(model.prior_match, model.prior_household),
    )
