"""What `identity resolve` leaves in its folder: Parquet for machines, one JSON report for both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from identity.connectors.intake import RowIssue
from identity.model.errors import FileError

__all__ = ["quarantine_table", "write_results"]

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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            pq.write_table(
                table.replace_schema_metadata(None), folder / f"{name}.parquet", compression="zstd"
            )
        (folder / "report.json").write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    except OSError as problem:
        raise FileError(
            "E220", f"{folder} cannot be written: {problem.strerror}.", "Name a folder you may write to."
        ) from problem
