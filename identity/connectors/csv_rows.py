"""Reading CSV: in columns at once where the file is regular, else record by record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson
import pyarrow as pa

from identity.connectors.csv_columns import read_regular_csv
from identity.connectors.csv_records import Header, Record, read_header, records
from identity.connectors.lines import Lines
from identity.connectors.opening import SourceFile, open_text
from identity.connectors.raw_rows import Broken, RawRows, Request, row_numbers, text_array

__all__ = ["read_csv_rows"]


def read_csv_rows(file: SourceFile, request: Request) -> RawRows:
    """Return the rows of a CSV file; FileError when its header cannot serve."""
    with open_text(file) as stream:
        lines = Lines(stream)
        header = read_header(lines, file, request)
        table = read_regular_csv(file, header)
        if table is not None:
            return _from_table(table, request)
        return _from_records(records(lines, file.file_format.delimiter, len(header.names)), header, request)


def _from_table(table: pa.Table, request: Request) -> RawRows:
    columns = {name: table[name].combine_chunks() for name in _wanted(table.column_names, request)}
    count = table.num_rows
    rows = zip(*(column.to_pylist() for column in columns.values()), strict=True) if request.originals else ()
    return RawRows(
        columns=columns,
        rows=row_numbers(count),
        lines=pa.nulls(count, pa.int64()).fill_null(0),
        counted=count,
        originals=_originals(list(columns), rows) if request.originals else None,
        kept={name: table[name].combine_chunks() for name in request.kept},
    )


def _from_records(found: Iterable[Record], header: Header, request: Request) -> RawRows:
    rows: list[Sequence[str]] = []
    places: list[tuple[int, int]] = []
    broken: list[Broken] = []
    for row, record in enumerate(found, start=1):
        if record.code:
            broken.append(Broken(record.code, row, record.line, record.raw))
        else:
            # A tuple of texts is no concern of the garbage collector; a million lists are.
            rows.append(tuple(record.fields))
            places.append((row, record.line))
    by_name = dict(
        zip(header.names, zip(*rows, strict=True) if rows else [()] * len(header.names), strict=True)
    )
    return RawRows(
        columns={name: text_array(by_name[name]) for name in _wanted(header.names, request)},
        rows=pa.array([row for row, _ in places], pa.int64()),
        lines=pa.array([line for _, line in places], pa.int64()),
        counted=len(rows) + len(broken),
        originals=_originals(header.names, rows) if request.originals else None,
        kept={name: text_array(by_name[name]) for name in request.kept},
        broken=tuple(broken),
    )


def _wanted(names: Sequence[str], request: Request) -> Sequence[str]:
    # Where the row is kept as it came, every field of it is held, so every field is checked.
    return names if request.originals else [name for name in names if name in request.paths]


def _originals(names: Sequence[str], rows: Iterable[Sequence[str]]) -> pa.Array:
    return text_array([orjson.dumps(dict(zip(names, row, strict=True))).decode() for row in rows])
