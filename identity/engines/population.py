"""A population in columns: every feature as codes into its distinct values, every record at its place in key order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from identity.steps.normalise import FeatureMaker

__all__ = ["ABSENT", "Codes", "Column", "Population", "column_of", "encode", "populate"]

ABSENT = -1
Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Column:
    """One feature of all records: `codes[record]` is the place of its value in `values`, or ABSENT."""

    codes: Codes
    values: Sequence[str]

    def counts(self) -> NDArray[np.int64]:
        """Return how many records hold each value."""
        return np.bincount(self.codes[self.codes != ABSENT], minlength=len(self.values))

    def derived(self, derive: Callable[[str], str]) -> Column:
        """Return the column of a pure function of this one; "" is absent."""
        return encode([derive(value) if value else "" for value in self.values], self.codes)

    def without(self, banned: NDArray[np.bool_]) -> Column:
        """Return the column with some values (a flag per value) made absent."""
        keep = np.where(self.codes == ABSENT, False, ~banned[self.codes])
        return Column(np.where(keep, self.codes, ABSENT).astype(np.int32), self.values)


@dataclass(frozen=True, slots=True)
class Population:
    """All records in key order, so that a record's place never depends on when it came."""

    keys: pa.Table
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return int(self.keys.num_rows)


def encode(values: Sequence[str], codes: Codes) -> Column:
    """Return a column in which equal `values` share one code and "" is absent."""
    encoded = pa.array(values, pa.large_string()).dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    recode = np.append(encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32), np.int32(ABSENT))
    if "" in distinct:
        recode[recode == distinct.index("")] = ABSENT
    return Column(recode[codes], distinct)


def column_of(values: pa.Array | pa.ChunkedArray) -> Column:
    """Return the column of a value per record, null where it has none."""
    return Column(*_dictionary(values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])))


def populate(records: pa.Table, makers: Sequence[FeatureMaker]) -> Population:
    """Return the population of `records` (source, source_record_id and attributes as text), sorted by key.

    Each distinct combination of attribute values is normalised once.
    """
    table = records.take(
        pc.sort_indices(records, sort_keys=[("source", "ascending"), ("source_record_id", "ascending")])
    )
    columns: dict[str, Column] = {}
    for maker in makers:
        if table.column_names and any(name in table.column_names for name in maker.attributes):
            columns.update(_made(table, maker))
    return Population(table.select(["source", "source_record_id"]), columns)


def _made(table: pa.Table, maker: FeatureMaker) -> dict[str, Column]:
    codes, combinations = _distinct(table, maker.attributes)
    made = [maker.make(combination) for combination in combinations]
    return {
        feature: encode([values[place] for values in made], codes)
        for place, feature in enumerate(maker.features)
    }


def _distinct(table: pa.Table, attributes: Sequence[str]) -> tuple[Codes, list[tuple[str | None, ...]]]:
    present = [name for name in attributes if name in table.column_names]
    encoded = [_dictionary(table[name]) for name in present]
    packed = np.zeros(table.num_rows, np.int64)
    for part, values in encoded:
        packed = _dense(packed * np.int64(len(values) + 1) + part.astype(np.int64) + 1)
    _, first, codes = np.unique(packed, return_index=True, return_inverse=True)
    columns = {
        name: [values[code] if code != ABSENT else None for code in part[first].tolist()]
        for name, (part, values) in zip(present, encoded, strict=True)
    }
    empty: list[str | None] = [None] * len(first)
    combinations = list(zip(*(columns.get(name, empty) for name in attributes), strict=True))
    return codes.astype(np.int32), combinations


def _dense(packed: NDArray[np.int64]) -> NDArray[np.int64]:
    # Three text columns of a million distinct values each would overflow 64 bits.
    if len(packed) == 0 or packed.max() < 1 << 31:
        return packed
    return np.unique(packed, return_inverse=True)[1].astype(np.int64)


def _dictionary(column: pa.ChunkedArray) -> tuple[Codes, list[str]]:
    encoded = pc.cast(column, pa.large_string()).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = pc.fill_null(encoded.indices, ABSENT).to_numpy(zero_copy_only=False).astype(np.int32)
    return codes, encoded.dictionary.to_pylist()
