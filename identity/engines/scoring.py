"""A few records' pairs weighed in process: the batch engine's arithmetic on a handful of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from identity.comparators import Comparator
from identity.engines.comparing import Comparing, PreparedColumn, comparing
from identity.engines.frequencies import Shares
from identity.engines.pairs import ScoredPairs
from identity.engines.population import ABSENT, Column, Population
from identity.engines.weighing import Weighing, weighing
from identity.features.digests import digest
from identity.model.match import MatchModel
from identity.model.record import NormalisedRecord
from identity.steps.compare import cell, levels
from identity.steps.train import Chances, Prior, Trained

__all__ = ["ModelScorer"]

_FEW = 60
_NO_KEYS = pa.table({"source": pa.nulls(0, pa.string())})


class ModelScorer:
    """Weighs pairs by one frozen model; see `Scorer`."""

    def __init__(self, model: MatchModel, comparators: Mapping[str, Comparator]) -> None:
        self.model = model
        self._comparators = comparators
        self._comparisons = {
            c.name: comparators[c.comparator] for factor in model.factors for c in factor.comparisons
        }
        self._tables = _tables(model)
        self._share = lru_cache(maxsize=1 << 16)(self._share_of)

    def weigh(self, records: Sequence[NormalisedRecord], pairs: Sequence[tuple[int, int]]) -> list[float]:
        """Return the match weight of each pair of places in `records`."""
        if not pairs:
            return []
        places = np.sort(np.array(pairs, np.int32), axis=1)
        left, right = places[:, 0], places[:, 1]
        columns = {name: _column(records, name) for name in self._comparisons}
        if len(pairs) <= _FEW:
            ready, patterns = self._one_by_one(records, places.tolist(), columns)
        else:
            ready = comparing(
                Population(_NO_KEYS, columns), self.model.factors, self._comparators, self.model.rules.swaps
            )
            patterns = ready.patterns((left, right))
        met = ScoredPairs(left, right, patterns, np.zeros(len(left)))
        # The same arithmetic for few and for many: equal weights have to be equal to the last bit, or ties would break.
        weights: list[float] = self._weighing(ready).weigh(ready, met).weights.tolist()
        return weights

    def _one_by_one(
        self,
        records: Sequence[NormalisedRecord],
        pairs: Sequence[tuple[int, int]],
        columns: Mapping[str, Column],
    ) -> tuple[Comparing, NDArray[np.int64]]:
        """Return the patterns of few pairs: making columns ready to compare takes longer than comparing them."""
        prepared = {
            name: PreparedColumn(column, self._comparisons[name], None) for name, column in columns.items()
        }
        patterns = [self._pattern(records[left], records[right]) for left, right in pairs]
        return Comparing(self.model.factors, prepared, None, None), np.array(patterns, np.int64)

    def _pattern(self, left: NormalisedRecord, right: NormalisedRecord) -> int:
        left, right = (left, right) if left.key < right.key else (right, left)
        vector, pattern = levels(left, right, self.model, self._comparators), 0
        for factor in self.model.factors:
            pattern = pattern * factor.cells + cell(factor, vector)
        return pattern

    def _weighing(self, ready: Comparing) -> Weighing:
        shares = {name: self._shares(name, ready.columns[name].column) for name in self.model.frequencies}
        return weighing(self._tables, self.model.factors, shares)

    def _shares(self, name: str, column: Column) -> Shares:
        by_value = np.array([self._share(name, value) for value in column.values], np.float64)
        return Shares(by_value, self.model.rarest[name], self.model.exact_chance[name])

    def _share_of(self, name: str, value: str) -> float:
        return self.model.frequencies[name].get(digest(value), self.model.rarest[name])


def _column(records: Sequence[NormalisedRecord], name: str) -> Column:
    places: dict[str, int] = {}
    codes = [
        places.setdefault(value, len(places)) if (value := record.features.get(name)) else ABSENT
        for record in records
    ]
    return Column(np.array(codes, np.int32), list(places))


def _tables(model: MatchModel) -> Trained:
    return Trained(
        Chances(tuple(np.array(table.match) for table in model.probabilities)),
        Chances(tuple(np.array(table.household) for table in model.probabilities)),
        Chances(tuple(np.array(table.random) for table in model.probabilities)),
        Prior(model.prior_match, model.prior_household),
    )
