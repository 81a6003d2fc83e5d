"""The crosswalk of an earlier master: a CSV or Parquet file that tells which record it had under which id."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from identity.connectors.results import writing
from identity.model.errors import FileError
from identity.workbench import lacks_room, workbench

__all__ = ["read_crosswalk", "write_differences"]

_IDS = ("master_id", "golden_id", "customer_id")
_READERS = {".parquet": "read_parquet(?)"}
_LINES = "read_csv(?, header = true, all_varchar = true)"


def read_crosswalk(file: Path) -> pa.Table:
    """Return source, source_record_id and master_id, in key order; a row that lacks one of them is left out.

    The id may also be called golden_id or customer_id. FileError E201 where there is no such file, E213 where it cannot
    be read, E209 where it lacks a column, E225 where it has one record under two ids; ModelError E609 without room.
    """
    if not file.exists():
        raise FileError("E201", f"{file} does not exist.", "Name a CSV or Parquet file.")
    with workbench() as work:
        try:
            told = work.execute(
                f"create temp table told as from {_READERS.get(file.suffix.lower(), _LINES)}", [str(file)]
            )
            names = [column[0] for column in told.execute("describe told").fetchall()]
        except duckdb.Error as problem:
            if lacks_room(problem):
                raise
            raise FileError("E213", f"{file} cannot be read as a table.", "Write CSV or Parquet.") from None
        ids = next((name for name in _IDS if name in names), "master_id")
        for name in ("source", "source_record_id", ids):
            if name not in names:
                raise FileError(
                    "E209", f"{file} has no column {name}.", "It needs source, source_record_id, master_id."
                )
        found = work.sql(
            f"""select distinct cast(source as text) as source, cast(source_record_id as text) as source_record_id,
            cast("{ids}" as text) as master_id from told where coalesce(source, '') <> ''
            and coalesce(cast(source_record_id as text), '') <> '' and coalesce(cast("{ids}" as text), '') <> ''
            order by all"""
        ).to_arrow_table()
    _refuse_two_ids(file, found)
    return found


def _refuse_two_ids(file: Path, found: pa.Table) -> None:
    records = found.group_by(["source", "source_record_id"]).aggregate([]).num_rows
    if records != found.num_rows:
        raise FileError(
            "E225",
            f"{file} has {found.num_rows - records} records under more than one id.",
            "Write each record once, under the id that answers for it.",
        )


def write_differences(out: Path, differences: pa.Table) -> None:
    """Write a table as Parquet where the name says so, else as CSV. FileError E220 where that is not possible."""
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix.lower() == ".parquet":
            pq.write_table(differences, out, compression="zstd")
        else:
            pc.write_csv(differences, out)
