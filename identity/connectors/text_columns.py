"""Columns of text, whole columns at a time: trimming them, and finding what may not stand in them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from identity.connectors.faults import FIELD_LIMIT
from identity.connectors.raw_rows import text_array

__all__ = [
    "Positions",
    "by_distinct",
    "control_characters",
    "nul_bytes",
    "rounded_numbers",
    "too_long",
    "trimmed",
]

Positions = npt.NDArray[np.int64]

_CONTROL = "[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\u009f]"
_ROUNDED = r"^[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+$"
_FIRST_BYTE_OF_C1 = 0xC2


def trimmed(values: pa.Array) -> pa.Array:
    """Return the values without outer blanks; empty ones are null."""
    texts = pc.utf8_trim_whitespace(values)
    shortest = pc.min(pc.binary_length(texts)).as_py()
    return pc.if_else(pc.not_equal(texts, ""), texts, None) if shortest == 0 else texts


def by_distinct(values: pa.Array, change: Callable[[str], str | None]) -> pa.Array:
    """Return `change` of every value, called once per distinct value; null stays null."""
    encoded = values.dictionary_encode()
    return text_array(map(change, encoded.dictionary.to_pylist())).take(encoded.indices)


def nul_bytes(values: pa.Array) -> Positions:
    """Return where a value holds a NUL byte."""
    content = _content(values)
    return _none() if content.all() else _where(pc.match_substring(values, "\0"))


def control_characters(values: pa.Array) -> Positions:
    """Return where a value holds a control character other than NUL, tab and line ends."""
    content = _content(values)
    # A glance at the bytes spares the regular expression nearly always.
    suspicious = (content < 0x20) | (content == 0x7F) | (content == _FIRST_BYTE_OF_C1)
    return _where(pc.match_substring_regex(values, _CONTROL)) if suspicious.any() else _none()


def too_long(values: pa.Array) -> Positions:
    """Return where a value has more than FIELD_LIMIT bytes."""
    return _where(pc.greater(pc.binary_length(values), FIELD_LIMIT))


def rounded_numbers(values: pa.Array) -> Positions:
    """Return where a value is a number in scientific notation, which no identifier is."""
    candidates = _where(pc.match_substring(values, "+"))
    if not len(candidates):
        return candidates
    return candidates[_where(pc.match_substring_regex(values.take(pa.array(candidates)), _ROUNDED))]


def _content(values: pa.Array) -> npt.NDArray[np.uint8]:
    content = values.buffers()[2]
    if content is None or not len(values):
        return np.empty(0, np.uint8)
    ends = np.frombuffer(values.buffers()[1], np.int32)[values.offset : values.offset + len(values) + 1]
    return np.frombuffer(content, np.uint8)[ends[0] : ends[-1]]


def _where(hits: pa.Array) -> Positions:
    return np.flatnonzero(np.asarray(pc.fill_null(hits, False)))


def _none() -> Positions:
    return np.empty(0, np.int64)
