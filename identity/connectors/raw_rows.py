"""Rows that could be split into columns, still in the source's own words; and what a reader is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from identity.connectors.intake import RowIssue, row_issue

__all__ = ["Broken", "RawRows", "Request", "row_numbers", "text_array"]


@dataclass(frozen=True, slots=True)
class Request:
    """What to read. `paths` are the columns wanted (dots lead into objects), `required` those it must have.

    `originals` asks for each row as it came. `kept` columns are passed through untouched. An object that stands for
    one of `objects` is taken as its JSON text.
    """

    source: str
    paths: tuple[str, ...]
    required: tuple[str, ...]
    kept: tuple[str, ...] = ()
    originals: bool = True
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that could not be split: the code says why."""

    code: str
    row: int
    line: int
    raw: str
    column: str | None = None

    def issue(self, file: str, source: str) -> RowIssue:
        return row_issue(
            self.code, file, self.row, source=source, column=self.column, raw=self.raw, line=self.line
        )


@dataclass(frozen=True, slots=True)
class RawRows:
    """Columns of text of equal length, one entry per row that could be split.

    `rows` are data row numbers, `lines` line numbers (0 where unknown), `originals` the rows as they came.
    `counted` is every data row of the file: the split ones and the broken ones.
    """

    columns: Mapping[str, pa.Array]
    rows: pa.Array
    lines: pa.Array
    counted: int
    originals: pa.Array | None = None
    kept: Mapping[str, pa.Array] = field(default_factory=dict)
    broken: tuple[Broken, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)


def text_array(values: Sequence[str | None] | Iterable[str | None]) -> pa.Array:
    """Return the values as one array of text."""
    return pa.array(values, pa.string())


def row_numbers(count: int) -> pa.Array:
    """Return 1, 2, 3, … of that length."""
    return pa.array(np.arange(1, count + 1, dtype=np.int64))
