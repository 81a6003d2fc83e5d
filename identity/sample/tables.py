"""The two Parquet tables: what is true, and the records in the service's own words."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from identity.sample.columns import Column, column, known
from identity.sample.rates import SOURCES
from identity.sample.records import Records

ATTRIBUTES: Final = tuple(field.name for field in fields(Records) if field.type is Column)


def write_truth(records: Records, path: Path) -> Path:
    """source, source_record_id, person_id: one row per record."""
    return _write(_table(_keys(records) | {"person_id": records.person_id}), path)


def write_canonical(records: Records, path: Path) -> Path:
    return _write(canonical_table(records), path)


def canonical_table(records: Records) -> pa.Table:
    """The keys, the attributes and the person of every record."""
    return _table(_keys(records) | {name: getattr(records, name) for name in ATTRIBUTES})


def _keys(records: Records) -> dict[str, Column]:
    return {"source": column(SOURCES)[records.entries.source], "source_record_id": records.entries.key}


def _table(columns: Mapping[str, Column]) -> pa.Table:
    """All columns are text; an empty one is null."""
    return pa.table(
        {name: pa.array(values, pa.string(), mask=~known(values)) for name, values in columns.items()}
    )


def _write(table: pa.Table, path: Path) -> Path:
    pq.write_table(table, path, compression="zstd")
    return path
