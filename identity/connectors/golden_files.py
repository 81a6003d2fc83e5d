"""Golden profiles as a file for other systems: Parquet, or JSON lines. Written aside, then put in its place whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from identity.connectors.results import writing
from identity.model.record import CANONICAL_ATTRIBUTES

__all__ = ["FORMS", "write_golden_file"]

Row = Mapping[str, Any]

_KEY = pa.struct([("source", pa.string()), ("source_record_id", pa.string())])
_CONSENTS = pa.map_(pa.string(), pa.string())


def write_golden_file(
    path: Path, form: str, pages: Iterable[Sequence[Row]], custom: Sequence[str] = ()
) -> int:
    """Write rows of golden_id, version, attributes (a column each), consents and records, and return how many.

    Until it is whole there is no file under this name. FileError E220 where it cannot be written.
    """
    attributes = (*CANONICAL_ATTRIBUTES, *custom)
    part = path.with_name(f"{path.name}.part")
    rows = 0
    with writing(path), ExitStack() as stack:
        path.parent.mkdir(parents=True, exist_ok=True)
        stack.callback(part.unlink, missing_ok=True)
        with _WRITERS[form](part, attributes) as writer:
            for page in pages:
                writer.write(page)
                rows += len(page)
        part.replace(path)
    return rows


class _Writer(Protocol):
    def __init__(self, path: Path, attributes: Sequence[str], /) -> None: ...

    def __enter__(self) -> _Writer: ...

    def __exit__(self, *_: object) -> None: ...

    def write(self, rows: Sequence[Row]) -> None: ...


class _Lines:
    def __init__(self, path: Path, _: Sequence[str]) -> None:
        self._file = path.open("wb")

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, rows: Sequence[Row]) -> None:
        self._file.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


class _Parquet:
    def __init__(self, path: Path, attributes: Sequence[str]) -> None:
        self._attributes = attributes
        self._schema = pa.schema(
            [
                ("golden_id", pa.string()),
                ("version", pa.int64()),
                *((name, pa.string()) for name in attributes),
                ("consents", _CONSENTS),
                ("records", pa.list_(_KEY)),
            ]
        )
        self._file = pq.ParquetWriter(path, self._schema, compression="zstd")

    def __enter__(self) -> _Parquet:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, rows: Sequence[Row]) -> None:
        columns = {
            "golden_id": [row["golden_id"] for row in rows],
            "version": [row["version"] for row in rows],
            **{name: [row["values"].get(name) for row in rows] for name in self._attributes},
            "consents": [list(row["consents"].items()) for row in rows],
            "records": [row["records"] for row in rows],
        }
        self._file.write_table(pa.table(columns, schema=self._schema))


_WRITERS: Mapping[str, type[_Writer]] = {"parquet": _Parquet, "ndjson": _Lines}
FORMS = tuple(_WRITERS)
