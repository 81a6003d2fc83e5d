"""What `identity resolve` leaves in its folder: Parquet for machines, one JSON report for both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from identity.connectors.intake import RowIssue
from identity.model.errors import FileError

__all__ = ["quarantine_table", "write_results", "writing"]

_COLUMNS = ("file", "row", "source", "source_record_id", "column", "code", "message")
_SCHEMA = pa.schema([(name, pa.int64() if name == "row" else pa.string()) for name in _COLUMNS])


def quarantine_table(issues: Sequence[RowIssue], outcomes: Sequence[str]) -> pa.Table:
    """Return the issues with one of `outcomes`: row, source, code and message, and where it is."""
    rows = [
        {name: getattr(issue, name) for name in _COLUMNS}
        for issue in issues
        if str(issue.outcome) in outcomes
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def write_results(folder: Path, tables: dict[str, pa.Table], report: dict[str, Any]) -> None:
    """Write each table as `<name>.parquet` and the report as `report.json`. FileError E220 when that is not possible.

    The Parquet files hold nothing but their tables: equal results are equal bytes.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            path = folder / f"{name}.parquet"
            pq.write_table(table.replace_schema_metadata(None), path, compression="zstd")
        (folder / "report.json").write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn what the system says about a place that cannot be written into FileError E220."""
    try:
        yield
    except OSError as problem:
        raise FileError(
            "E220", f"{place} cannot be written: {problem.strerror}.", "Name a place you may write to."
        ) from problem
