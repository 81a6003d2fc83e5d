"""What is wrong in which rows, found a column at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from identity.connectors.dates import impossible
from identity.connectors.text_columns import (
    Positions,
    by_distinct,
    control_characters,
    nul_bytes,
    rounded_numbers,
    too_long,
)

__all__ = ["Finding", "impossible_dates", "in_fields", "missing", "repeated", "rounded"]

_IMPOSSIBLE = {"E313": "E363", "E314": "E364", "E315": "E365"}
"""Code of an impossible date → the code where the row is kept."""


class Finding(NamedTuple):
    """One fault of one column and the positions (not row numbers) it is found at."""

    code: str
    column: str | None
    positions: Positions
    reason: str = ""


def in_fields(columns: Mapping[str, pa.Array]) -> Iterator[Finding]:
    """Find fields that no attribute can be: too long, or with NUL bytes or control characters in them."""
    for name, values in columns.items():
        yield Finding("E309", name, too_long(values))
        yield Finding("E302", name, nul_bytes(values))
        yield Finding("E303", name, control_characters(values))


def missing(code: str, column: str, values: pa.Array) -> Finding:
    """Find rows without a value that every row needs."""
    return Finding(code, column, np.flatnonzero(np.asarray(pc.is_null(values))))


def rounded(column: str, values: pa.Array) -> Finding:
    """Find identifiers that have been through a spreadsheet."""
    return Finding("E316", column, rounded_numbers(values))


def impossible_dates(
    column: str, values: pa.Array, formats: Sequence[str], today: date, *, keep: bool
) -> Iterator[Finding]:
    """Find birth dates that cannot be true; with `keep` they are only warned of."""
    codes = by_distinct(values, lambda text: impossible(text, formats, today))
    for code, kept_code in _IMPOSSIBLE.items():
        hits = pc.fill_null(pc.equal(codes, code), False)
        yield Finding(kept_code if keep else code, column, np.flatnonzero(np.asarray(hits)))


def repeated(source: pa.Array, record_id: pa.Array, among: Positions) -> Positions:
    """Return those of the positions `among` whose key comes again at a later one of them."""
    chosen = pa.array(among)
    keys = _codes(source.take(chosen)) + _codes(record_id.take(chosen)) * (1 << 20)
    return among[_not_last(keys)]


def _codes(values: pa.Array) -> Positions:
    return np.asarray(values.dictionary_encode().indices).astype(np.int64)


def _not_last(keys: Positions) -> Positions:
    _, first_from_the_end = np.unique(keys[::-1], return_index=True)
    last = np.zeros(len(keys), bool)
    last[len(keys) - 1 - first_from_the_end] = True
    return np.flatnonzero(~last)
