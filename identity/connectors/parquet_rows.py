"""Reading Parquet: the wanted columns as text, whatever scalar type they have."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from identity.connectors.faults import file_error
from identity.connectors.opening import SourceFile
from identity.connectors.raw_rows import Broken, RawRows, Request, row_numbers, text_array

__all__ = ["read_parquet_rows"]

_EXACT_UP_TO = 2.0**53


def read_parquet_rows(file: SourceFile, request: Request) -> RawRows:
    """Return the rows of a Parquet file; dates and timestamps as ISO text, 123.0 as 123."""
    try:
        return _read(file, request)
    except (pa.ArrowException, OSError, MemoryError) as problem:
        raise file_error("E213", file.path, kind="Parquet") from problem


def _read(file: SourceFile, request: Request) -> RawRows:
    schema = _schema(file)
    _check_names(schema, file, request)
    present = {path: column for path in request.paths if (column := _top_level(path, schema.names))}
    needed = list(dict.fromkeys((*present.values(), *request.kept)))
    table = pq.read_table(file.path, columns=None if request.originals else needed)
    rows = row_numbers(table.num_rows)
    columns, undecodable = _columns(table, present, file)
    raw = RawRows(
        columns=columns,
        rows=rows,
        lines=pa.nulls(len(rows), pa.int64()).fill_null(0),
        counted=len(rows),
        originals=_originals(table) if request.originals else None,
        kept={name: _whole(table[name]) for name in request.kept},
    )
    return _without(raw, undecodable) if undecodable else raw


def _schema(file: SourceFile) -> pa.Schema:
    try:
        return pq.read_schema(file.path)
    except PermissionError as problem:
        raise file_error("E203", file.path, why=problem.strerror or "unknown cause") from problem
    except (pa.ArrowException, OSError, MemoryError) as problem:
        raise file_error("E207", file.path) from problem


def _check_names(schema: pa.Schema, file: SourceFile, request: Request) -> None:
    names = schema.names
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise file_error("E205", file.path, column=repeated)
    if missing := next((path for path in request.required if not _top_level(path, names)), None):
        raise file_error("E206", file.path, count=len(names), column=missing)
    if absent := next((name for name in request.kept if name not in names), None):
        raise file_error("E209", file.path, column=absent)


def _top_level(path: str, names: Sequence[str]) -> str:
    """Return the column that holds `path`: the one so named, the object its first step names, or ""."""
    first = path.split(".")[0]
    return path if path in names else first if first in names else ""


def _columns(
    table: pa.Table, present: Mapping[str, str], file: SourceFile
) -> tuple[dict[str, pa.Array], dict[int, str]]:
    columns: dict[str, pa.Array] = {}
    undecodable: dict[int, str] = {}
    for path, column in present.items():
        try:
            values = _leaf(table[column], path, column)
        except (KeyError, pa.ArrowInvalid):
            continue
        if pa.types.is_nested(values.type):
            raise file_error("E208", file.path, column=path)
        columns[path], rows = _decoded(_as_text(values))
        undecodable.update(dict.fromkeys(rows, path))
    return columns, undecodable


def _leaf(values: pa.ChunkedArray, path: str, column: str) -> pa.Array:
    """Return the values at `path` as one array. KeyError where the object has no such member."""
    leaf = _whole(values)
    for part in path[len(column) :].strip(".").split(".") if path != column else ():
        if not pa.types.is_struct(leaf.type):
            raise KeyError(path)
        leaf = pc.struct_field(leaf, part) if leaf.type.get_field_index(part) >= 0 else _no_member(path)
    return leaf


def _whole(values: pa.ChunkedArray) -> pa.Array:
    return values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()


def _no_member(path: str) -> pa.Array:
    raise KeyError(path)


def _as_text(values: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        return _as_text(values.cast(values.type.value_type))
    conversion = next((change for is_kind, change in _CONVERSIONS if is_kind(values.type)), _cast)
    return conversion(values)


def _cast(values: pa.Array) -> pa.Array:
    return values.cast(pa.string())


def _unchecked(values: pa.Array) -> pa.Array:
    # Bytes become text without a look at them; `_decoded` looks and says which rows are wrong.
    return pc.cast(values, options=pc.CastOptions(target_type=pa.string(), allow_invalid_utf8=True))


def _float_text(values: pa.Array) -> pa.Array:
    bound = pc.max(pc.abs(values)).as_py() if len(values) > values.null_count else 0.0
    if bound < _EXACT_UP_TO and pc.all(pc.equal(pc.floor(values), values)).as_py() is not False:
        return values.cast(pa.int64()).cast(pa.string())
    return text_array([_shortest(value) for value in values.to_pylist()])


def _shortest(value: float | None) -> str | None:
    if value is None:
        return None
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT_UP_TO else repr(value)


def _decimal_text(values: pa.Array) -> pa.Array:
    return text_array([None if value is None else _plain(value) for value in values.to_pylist()])


def _plain(value: Decimal) -> str:
    return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"


def _timestamp_text(values: pa.Array) -> pa.Array:
    """Return timestamps that all are midnights as dates: tables without a date type keep birth dates so."""
    days = values.cast(pa.date32(), safe=False)
    if values.type.tz is None and pc.all(pc.equal(days.cast(values.type), values)).as_py() is not False:
        return days.cast(pa.string())
    return values.cast(pa.timestamp("us", values.type.tz and "UTC"), safe=False).cast(pa.string())


_CONVERSIONS: Sequence[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], pa.Array]]] = (
    (pa.types.is_string, lambda values: values),
    (pa.types.is_large_string, _cast),
    (pa.types.is_floating, _float_text),
    (pa.types.is_decimal, _decimal_text),
    (pa.types.is_timestamp, _timestamp_text),
    (pa.types.is_binary, _unchecked),
    (pa.types.is_large_binary, _unchecked),
)


def _decoded(values: pa.Array) -> tuple[pa.Array, list[int]]:
    """Return the values with undecodable ones as null, and the positions of these."""
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        texts = [_decode(value) for value in values.cast(pa.binary()).to_pylist()]
        return text_array([text or None for text in texts]), [
            at for at, text in enumerate(texts) if text == ""
        ]
    return values, []


def _decode(value: bytes | None) -> str | None:
    """Return the text, None for nothing, "" for bytes that are no text."""
    try:
        return value.decode() or None if value is not None else None
    except UnicodeDecodeError:
        return ""


def _originals(table: pa.Table) -> pa.Array:
    readable = pa.table({name: _readable(table[name]) for name in table.column_names})
    return text_array([orjson.dumps(row, default=_spelt).decode() for row in readable.to_pylist()])


def _readable(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return values Python can hold: no nanoseconds, no undecodable text."""
    if pa.types.is_timestamp(values.type):
        return values.cast(pa.timestamp("us", values.type.tz), safe=False)
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        found = values.cast(pa.binary()).to_pylist()
        return text_array([value and value.decode(errors="backslashreplace") for value in found])
    return values


def _spelt(value: object) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _without(raw: RawRows, undecodable: Mapping[int, str]) -> RawRows:
    good = pa.array([at for at in range(len(raw)) if at not in undecodable], pa.int64())
    return RawRows(
        columns={path: values.take(good) for path, values in raw.columns.items()},
        rows=raw.rows.take(good),
        lines=raw.lines.take(good),
        counted=raw.counted,
        originals=raw.originals.take(good) if raw.originals is not None else None,
        kept={name: values.take(good) for name, values in raw.kept.items()},
        broken=tuple(_undecodable(raw, at, column) for at, column in sorted(undecodable.items())),
    )


def _undecodable(raw: RawRows, at: int, column: str) -> Broken:
    return Broken("E301", at + 1, 0, raw.originals[at].as_py() if raw.originals is not None else "", column)
