"""Comparison levels of many pairs: equal codes are equal values, distinct unequal values are compared once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.comparators import MISSING, SWAPPED, VOCABULARY, Comparator
from identity.comparators.base import Levels
from identity.engines.blocking import Pairs
from identity.engines.population import ABSENT, Codes, Column, Population, encode
from identity.model.match import Comparison, Factor

__all__ = ["Comparing", "comparing"]

_EXACT_OR_CLOSE = (1, 2)
_GIVEN_DIFFERENT = VOCABULARY["given_name"].index("different") + 1
_FAMILY_FAIR = VOCABULARY["family_name"].index("fair") + 1
_FAMILY_DIFFERENT = VOCABULARY["family_name"].index("different") + 1


@dataclass(frozen=True, slots=True)
class Comparing:
    """A population made ready for comparing: its columns by comparison, and both names in one dictionary."""

    factors: tuple[Factor, ...]
    columns: Mapping[str, Column]
    comparators: Mapping[str, Comparator]
    swaps: tuple[str, str] | None
    either_name: tuple[Column, Column] | None

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
                cell = cell * size + levels[comparison.name]
            cells.append(cell)
        return cells

    def levels(self, pairs: Pairs) -> dict[str, Levels]:
        """Return per comparison the level each pair reaches."""
        levels = {
            comparison.name: _levels(
                self.columns[comparison.name], self.comparators[comparison.comparator], *pairs
            )
            for factor in self.factors
            for comparison in factor.comparisons
        }
        if self.swaps and self.either_name:
            _mark_swaps(levels, self.swaps, self.either_name, self.comparators["family_name"], pairs)
        return levels


def comparing(
    population: Population,
    factors: tuple[Factor, ...],
    comparators: Mapping[str, Comparator],
    swaps: tuple[str, str] | None,
) -> Comparing:
    """Return `population` made ready for comparing by `factors`."""
    names: list[Comparison] = [comparison for factor in factors for comparison in factor.comparisons]
    columns = {comparison.name: population.columns[comparison.name] for comparison in names}
    either = _shared(columns[swaps[0]], columns[swaps[1]]) if swaps and set(swaps) <= set(columns) else None
    return Comparing(factors, columns, comparators, swaps, either)


def _shared(given: Column, family: Column) -> tuple[Column, Column]:
    values = [*given.values, *family.values]
    everything = encode(values, np.arange(len(values), dtype=np.int32))
    recode_given = np.append(everything.codes[: len(given.values)], np.int32(ABSENT))
    recode_family = np.append(everything.codes[len(given.values) :], np.int32(ABSENT))
    return (
        Column(recode_given[given.codes], everything.values),
        Column(recode_family[family.codes], everything.values),
    )


def _levels(column: Column, comparator: Comparator, left: Codes, right: Codes) -> Levels:
    return _code_levels(column.values, comparator, column.codes[left], column.codes[right])


def _code_levels(values: Sequence[str], comparator: Comparator, ours: Codes, theirs: Codes) -> Levels:
    levels = ((ours == theirs) & (ours != ABSENT)).astype(np.uint8)
    unequal = np.flatnonzero((ours != theirs) & (ours != ABSENT) & (theirs != ABSENT))
    if not len(unequal):
        return levels
    low = np.minimum(ours[unequal], theirs[unequal]).astype(np.int64)
    packed = low << 32 | np.maximum(ours[unequal], theirs[unequal])
    distinct, place = np.unique(packed, return_inverse=True)
    first, second = (distinct >> 32).tolist(), (distinct & 0xFFFFFFFF).tolist()
    compared = comparator.unequal_many([values[code] for code in first], [values[code] for code in second])
    levels[unequal] = compared[place]
    return levels


def _mark_swaps(
    levels: dict[str, Levels],
    swaps: tuple[str, str],
    either: tuple[Column, Column],
    comparator: Comparator,
    pairs: Pairs,
) -> None:
    """Where the straight comparison disagrees but the crossed one agrees, say so once: as a swap of the names."""
    given, family = swaps
    unlike = (levels[given] != 0) | (levels[family] != 0)
    unlike &= np.isin(levels[given], (MISSING, _GIVEN_DIFFERENT)) & np.isin(
        levels[family], (MISSING, _FAMILY_DIFFERENT)
    )
    some = np.flatnonzero(unlike)
    left, right = pairs[0][some], pairs[1][some]
    crossed = _agree(either, comparator, left, right), _agree(either, comparator, right, left)
    whole = crossed[0] & crossed[1]
    half = (crossed[0] | crossed[1]) & ~whole & (levels[family][some] == MISSING)
    levels[given][some[whole]] = SWAPPED
    levels[family][some[whole]] = MISSING
    levels[given][some[half]] = MISSING
    levels[family][some[half]] = _FAMILY_FAIR


def _agree(either: tuple[Column, Column], comparator: Comparator, one: Codes, other: Codes) -> NDArray[np.bool_]:
    given, family = either
    return np.isin(
        _code_levels(given.values, comparator, given.codes[one], family.codes[other]), _EXACT_OR_CLOSE
    )
