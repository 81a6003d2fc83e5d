"""A population's place in the index: what `steps/file.py` says of one record, column by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from identity.engines.population import ABSENT, Column, Population
from identity.features.digests import Digest
from identity.features.packing import SEPARATOR
from identity.steps.file import FACTORS, Cabinet, signed

__all__ = ["Filings", "texts"]

Numbers = NDArray[np.int64]
Unsigned = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Filings:
    """Where each record of a `population` is filed; see the port. `raw` is the same with its generic values, which
    are still held by somebody. `names` is the order of features."""

    population: Population
    raw: Population
    cabinet: Cabinet
    names: Sequence[str]

    def features(self) -> pa.StringArray:
        """Return each record's features as text: values joined by U+001F, without what is empty at the end."""
        columns = [texts(self.population.columns.get(name), len(self.population)) for name in self.names]
        joined = pc.binary_join_element_wise(
            *columns, SEPARATOR, null_handling="replace", null_replacement=""
        )
        return pc.utf8_rtrim(joined, characters=SEPARATOR)

    def blocks(self, places: Numbers) -> tuple[Numbers, Numbers]:
        """Return the blocks of the records at `places`, in order, and beside each the place of a record in it."""
        parts = {name: self._part(name, places) for name in self.cabinet.parts}
        found: list[Numbers] = [np.empty(0, np.int64)]
        whose: list[Numbers] = [np.empty(0, np.int64)]
        for key, label in self.cabinet.keys:
            chosen = [part for name in key.parts if (part := parts[name]) is not None]
            if len(chosen) == len(key.parts):
                numbers, held = _combined(chosen, label, unordered=key.unordered)
                found.append(numbers[held])
                whose.append(places[held])
        block, record = np.concatenate(found), np.concatenate(whose)
        order = np.argsort(block, kind="stable")
        return block[order], record[order]

    def holdings(self, places: Numbers) -> tuple[Numbers, Numbers, Numbers, NDArray[np.bool_]]:
        """Return identifier values, beside each the place of a record that holds it, its name, and if it has one."""
        names, named = self._names(places)
        values, whose = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for kind, label in self.cabinet.kinds.items():
            if kind in self.raw.columns:
                digests, held = _digests(self.raw.columns[kind], places, self.cabinet.digest)
                values.append((digests + np.uint64(label)).view(np.int64)[held])
                whose.append(np.flatnonzero(held))
        value, at = np.concatenate(values), np.concatenate(whose)
        order = np.argsort(value, kind="stable")
        at = at[order]
        return value[order], places[at], names[at], named[at]

    def generic(self, values: Mapping[str, tuple[str, ...]]) -> list[int]:
        """Return the numbers of generic `values`, given by kind."""
        return sorted(
            signed(self.cabinet.kinds[kind] + self.cabinet.digest(value))
            for kind, generic in values.items()
            for value in generic
        )

    def _part(self, name: str, places: Numbers) -> tuple[Unsigned, NDArray[np.bool_]] | None:
        feature, derive = self.cabinet.parts[name]
        column = self.population.columns.get(feature)
        return None if column is None else _digests(column, places, self.cabinet.digest, derive)

    def _names(self, places: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
        given, family = self.raw.columns.get("given_name"), self.raw.columns.get("family_name")
        if given is None or family is None:
            return np.zeros(len(places), np.int64), np.zeros(len(places), np.bool_)
        initials = given.derived(lambda name: name[0])
        packed = family.codes[places].astype(np.int64) * (len(initials.values) + 1) + initials.codes[places]
        named = (family.codes[places] != ABSENT) & (initials.codes[places] != ABSENT)
        distinct, at = np.unique(np.where(named, packed, -1), return_inverse=True)
        digests = [
            0
            if number < 0
            else self.cabinet.digest(
                f"{family.values[number // (len(initials.values) + 1)]}\x1f"
                f"{initials.values[number % (len(initials.values) + 1)]}"
            )
            for number in distinct.tolist()
        ]
        return np.array(digests, np.uint64).view(np.int64)[at], named


def _digests(
    column: Column, places: Numbers, digest: Digest, derive: Callable[[str], str] | None = None
) -> tuple[Unsigned, NDArray[np.bool_]]:
    """Return the digest of each record's value, and which records have one. Distinct values are digested once."""
    codes = column.codes[places]
    used = np.unique(codes[codes != ABSENT])
    table = np.zeros(len(column.values) + 1, np.uint64)
    known = np.zeros(len(column.values) + 1, np.bool_)
    for code in used.tolist():
        value = derive(column.values[code]) if derive else column.values[code]
        if value:
            table[code], known[code] = digest(value), True
    return table[codes], known[codes]


def _combined(
    parts: Sequence[tuple[Unsigned, NDArray[np.bool_]]], label: int, *, unordered: bool
) -> tuple[Numbers, NDArray[np.bool_]]:
    held = np.logical_and.reduce([has for _, has in parts])
    digests = np.stack([digest for digest, _ in parts])
    if unordered:
        digests = np.sort(digests, axis=0)
    factors = np.array(FACTORS[: len(parts)], np.uint64)[:, None]
    # Unsigned arithmetic wraps around at 2^64, as it should.
    total = (digests * factors).sum(axis=0, dtype=np.uint64) + np.uint64(label)
    return total.view(np.int64), held


def texts(column: Column | None, records: int) -> pa.Array:
    """Return the value of each record, null where it has none."""
    if column is None:
        return pa.nulls(records, pa.string())
    return pa.array(column.values, pa.string()).take(pa.array(column.codes, mask=column.codes == ABSENT))
