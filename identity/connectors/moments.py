"""Columns of moments: every timestamp of a column as ISO text in UTC."""

from __future__ import annotations

import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from identity.connectors.dates import iso_moment, says_nothing
from identity.connectors.text_columns import Positions, by_distinct

__all__ = ["moments"]

# Directives whose meaning does not depend on the machine's language.
_OFFSET = re.compile(r"(Z|:\d\d[+-]\d\d:?\d\d)$")
_OURS = "^.{10}T.{8}Z$"
_NUMERIC = re.compile("(%[YmdHM]|[^%])+")


def moments(
    values: pa.Array, formats: Sequence[str] = (), timezone: str = "UTC"
) -> tuple[pa.Array, Positions]:
    """Return the values as ISO text in UTC, null where unreadable, and where that is."""
    # A declared format may read a bare date its own way; text with an offset has one meaning only.
    plain = _all_iso(values, naive=not formats and timezone == "UTC")
    if plain is not None:
        return plain, np.empty(0, np.int64)
    return _each(values, formats, timezone)


def _each(values: pa.Array, formats: Sequence[str], timezone: str) -> tuple[pa.Array, Positions]:
    zone = ZoneInfo(timezone)
    regular = (
        _regular(values, formats[0]) if formats and timezone == "UTC" else pa.nulls(len(values), pa.string())
    )
    others = pc.if_else(pc.is_valid(regular), None, values)
    stated = by_distinct(others, lambda text: None if says_nothing(text) else text)
    read = by_distinct(stated, lambda text: iso_moment(text, formats, zone))
    unread = np.flatnonzero(np.asarray(pc.and_(pc.is_valid(stated), pc.is_null(read))))
    return pc.coalesce(regular, read), unread


def _regular(values: pa.Array, directives: str) -> pa.Array:
    """Return the moments that are written exactly in the format, all at once; null for any other text."""
    if not _NUMERIC.fullmatch(directives):
        return pa.nulls(len(values), pa.string())
    read = pc.strptime(values, format=directives, unit="s", error_is_null=True)
    # strptime takes 31 February for 3 March; writing the moment again shows it.
    exact = pc.equal(pc.strftime(read, format=directives), values)
    return _spelt(pc.if_else(exact, read, None))


def _all_iso(values: pa.Array, *, naive: bool) -> pa.Array | None:
    """Return the moments if all are ISO text, all with an offset or (if `naive` is allowed) all without."""
    first = next((value.as_py() for value in values if value.is_valid), "Z")
    with_offset = _OFFSET.search(first) is not None
    if not with_offset and not naive:
        return None
    try:
        read = values.cast(pa.timestamp("us", "UTC" if with_offset else None))
    except pa.ArrowInvalid:
        return None
    return values if with_offset and _spelt_as_ours(values) else _spelt(read)


def _spelt_as_ours(values: pa.Array) -> bool:
    return pc.all(pc.match_substring_regex(values, _OURS)).as_py() is not False


def _spelt(read: pa.Array) -> pa.Array:
    seconds = read.cast(pa.timestamp("s"), safe=False)
    whole = (
        pc.all(pc.equal(seconds.cast(pa.timestamp("us")), read.cast(pa.timestamp("us")))).as_py() is not False
    )
    texts = (seconds if whole else read.cast(pa.timestamp("us"))).cast(pa.string())
    return pc.binary_join_element_wise(pc.utf8_replace_slice(texts, 10, 11, "T"), "Z", "")
