"""The fast way through a CSV file: all columns at once, but only where it must agree with the careful way."""

from __future__ import annotations

from enum import Enum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv

from identity.connectors.csv_records import Header
from identity.connectors.opening import SourceFile

__all__ = ["read_regular_csv"]

_WORTH_IT = 64 * 1024
_WINDOW = 8 * 1024 * 1024
# Encodings in which a byte below 0x80 is always that ASCII character.
_ASCII_BASED = ("utf-8", "utf-8-sig", "ascii", "cp125", "iso8859", "latin", "iso-8859")
_LINE_ENDS = (0x0A, 0x0D)
_QUOTE = 0x22


def read_regular_csv(file: SourceFile, header: Header) -> pa.Table | None:
    """Return all columns as text, or None when anything in it asks for care (ragged rows, odd quotes)."""
    shape = file.file_format
    if file.path.stat().st_size < _WORTH_IT or not shape.encoding.startswith(_ASCII_BASED):
        return None
    quotes = _quotes(np.memmap(file.path, dtype=np.uint8, mode="r"), ord(shape.delimiter))
    if quotes is _Quotes.ODD:
        return None
    table = _read(file, header)
    careful = quotes is _Quotes.AT_BORDERS and table is not None and _values_hold_quotes_or_line_ends(table)
    return None if careful else table


class _Quotes(Enum):
    NONE = 0
    AT_BORDERS = 1
    ODD = 2


def _quotes(content: npt.NDArray[np.uint8], delimiter: int) -> _Quotes:
    """Return whether the file has quotation marks, and whether one stands inside a field."""
    borders = _table_of(delimiter, *_LINE_ENDS)
    found = _Quotes.NONE
    for start in range(0, len(content), _WINDOW):
        window = np.asarray(content[max(start - 1, 0) : start + _WINDOW + 1])
        quotes = window == _QUOTE
        if not quotes.any():
            continue
        border = borders[window]
        beside = np.r_[True, border[:-1]] | np.r_[border[1:], True]
        # The first and last byte of a window have their neighbours in the next one.
        if (quotes & ~beside).any():
            return _Quotes.ODD
        found = _Quotes.AT_BORDERS
    return found


def _table_of(*marked: int) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, bool)
    table[list(marked)] = True
    return table


def _read(file: SourceFile, header: Header) -> pa.Table | None:
    encoding = file.file_format.encoding
    try:
        return arrow_csv.read_csv(
            file.path,
            read_options=arrow_csv.ReadOptions(
                column_names=list(header.names),
                skip_rows=header.line,
                encoding="utf-8" if encoding == "utf-8-sig" else encoding,
            ),
            parse_options=arrow_csv.ParseOptions(delimiter=file.file_format.delimiter),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header.names, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowException, UnicodeError):
        return None


def _values_hold_quotes_or_line_ends(table: pa.Table) -> bool:
    # Without any, each record is one line and every quote was read as a border: both ways agree.
    return any(_holds(chunk) for column in table.columns for chunk in column.chunks)


def _holds(values: pa.Array) -> bool:
    content = values.buffers()[2]
    if content is None:
        return False
    return bool(_table_of(_QUOTE, *_LINE_ENDS)[np.frombuffer(content, np.uint8)].any())
