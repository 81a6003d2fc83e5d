"""Comparison levels of many pairs: equal codes are equal values, distinct unequal values are compared once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from identity.comparators import MISSING, SWAPPED, Comparator, names
from identity.comparators.base import Levels
from identity.engines.pairs import Pairs, distinct, unpack_pairs
from identity.engines.population import ABSENT, Codes, Column, Population, encode
from identity.model.match import Comparison, Factor

__all__ = ["Comparing", "PreparedColumn", "comparing", "prepared"]


@dataclass(frozen=True, slots=True)
class PreparedColumn:
    """A column with what its comparator needs to know of each distinct value."""

    column: Column
    comparator: Comparator
    values: Any

    def levels(self, left: Codes, right: Codes) -> Levels:
        """Return the level of each pair of records."""
        return self.cross_levels(left, self, right)

    def cross_levels(self, left: Codes, other: PreparedColumn, right: Codes) -> Levels:
        """Return the levels of this column's values against another's; both share one dictionary."""
        ours, theirs = self.column.codes[left], other.column.codes[right]
        levels = ((ours == theirs) & (ours != ABSENT)).astype(np.uint8)
        unequal = np.flatnonzero((ours != theirs) & (ours != ABSENT) & (theirs != ABSENT))
        if len(unequal):
            levels[unequal] = self._unequal(ours[unequal], theirs[unequal])
        found: Levels = levels
        return found

    def _unequal(self, ours: Codes, theirs: Codes) -> Levels:
        low, high = np.minimum(ours, theirs), np.maximum(ours, theirs)
        if len(self.column.values) > len(low) // 8:
            return self.comparator.unequal_many(self.values, low, high)
        packed = low.astype(np.int64) << 32 | high
        once, place = distinct(packed)
        first, second = unpack_pairs(once)
        return self.comparator.unequal_many(self.values, first, second)[place]


def prepared(column: Column, comparator: Comparator) -> PreparedColumn:
    """Return `column` prepared for `comparator`."""
    return PreparedColumn(column, comparator, comparator.prepare(column.values))


@dataclass(frozen=True, slots=True)
class Comparing:
    """A population made ready for comparing: its columns by comparison, and both names in one dictionary."""

    factors: tuple[Factor, ...]
    columns: Mapping[str, PreparedColumn]
    swaps: tuple[str, str] | None
    either_name: tuple[PreparedColumn, PreparedColumn] | None

    def patterns(self, pairs: Pairs) -> NDArray[np.int64]:
        """Return per pair its cells in all factors, packed into one number (see `unpack`)."""
        packed = np.zeros(len(pairs[0]), np.int64)
        for factor, cells in zip(self.factors, self._cells(pairs), strict=True):
            packed = packed * factor.cells + cells
        return packed

    def _cells(self, pairs: Pairs) -> list[NDArray[np.int64]]:
        levels = self.levels(pairs)
        cells = []
        for factor in self.factors:
            cell = np.zeros(len(pairs[0]), np.int64)
            for comparison, size in zip(factor.comparisons, factor.sizes, strict=True):
                cell *= size
                cell += _evidence(comparison, size)[levels[comparison.name]]
            cells.append(cell)
        return cells

    def levels(self, pairs: Pairs) -> dict[str, Levels]:
        """Return per comparison the level each pair reaches."""
        levels = {
            comparison.name: self.columns[comparison.name].levels(*pairs)
            for factor in self.factors
            for comparison in factor.comparisons
        }
        if self.swaps and self.either_name:
            _mark_swaps(levels, self.swaps, self.either_name, pairs)
        return levels


def _evidence(comparison: Comparison, size: int) -> NDArray[np.int64]:
    return np.array([comparison.evidence(level) for level in range(size)], np.int64)


def comparing(
    population: Population,
    factors: tuple[Factor, ...],
    comparators: Mapping[str, Comparator],
    swaps: tuple[str, str] | None,
) -> Comparing:
    """Return `population` made ready for comparing by `factors`."""
    compared = [comparison for factor in factors for comparison in factor.comparisons]
    columns = {
        comparison.name: prepared(population.columns[comparison.name], comparators[comparison.comparator])
        for comparison in compared
    }
    return Comparing(factors, columns, swaps, _either_name(columns, swaps, comparators))


def _either_name(
    columns: Mapping[str, PreparedColumn],
    swaps: tuple[str, str] | None,
    comparators: Mapping[str, Comparator],
) -> tuple[PreparedColumn, PreparedColumn] | None:
    """Return both name columns coded into one dictionary, so that one can be compared with the other."""
    if not swaps or not set(swaps) <= set(columns):
        return None
    given, family = (columns[name].column for name in swaps)
    values = [*given.values, *family.values]
    together = encode(values, np.arange(len(values), dtype=np.int32))
    recode_given = np.append(together.codes[: len(given.values)], np.int32(ABSENT))
    recode_family = np.append(together.codes[len(given.values) :], np.int32(ABSENT))
    one = prepared(Column(recode_given[given.codes], together.values), comparators["family_name"])
    return one, PreparedColumn(
        Column(recode_family[family.codes], together.values), one.comparator, one.values
    )


def _mark_swaps(
    levels: dict[str, Levels],
    swaps: tuple[str, str],
    either: tuple[PreparedColumn, PreparedColumn],
    pairs: Pairs,
) -> None:
    """Where the straight comparison disagrees but the crossed one agrees, say so once: as a swap of the names."""
    given, family = swaps
    unlike = np.isin(levels[given], (MISSING, names.DIFFERENT)) & np.isin(
        levels[family], (MISSING, names.FAMILY_DIFFERENT)
    )
    some = np.flatnonzero(unlike)
    left, right = pairs[0][some], pairs[1][some]
    one, other = either
    crossed = (
        np.isin(one.cross_levels(left, other, right), names.AGREEING),
        np.isin(one.cross_levels(right, other, left), names.AGREEING),
    )
    whole = crossed[0] & crossed[1]
    half = (crossed[0] | crossed[1]) & ~whole & (levels[family][some] == MISSING)
    levels[given][some[whole]] = SWAPPED
    levels[family][some[whole]] = MISSING
    levels[given][some[half]] = MISSING
    levels[family][some[half]] = names.FAMILY_FAIR
