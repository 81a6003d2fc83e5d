"""Which records are loaded, which are written one by one, and which are only asked about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.random import Generator

from bench.online.plan import SEED, Plan
from identity.bootstrap import Service
from identity.connectors.one_by_one import one_by_one
from identity.model.record import RecordKey
from identity.ports import Arrival

__all__ = [
    "KNOWN",
    "LOADED",
    "RETOLD",
    "UNSEEN",
    "WRITTEN",
    "Split",
    "arrivals",
    "rows",
    "split",
    "write_split",
]

LOADED, WRITTEN, UNSEEN, KNOWN, RETOLD = (
    *("loaded.parquet", "written.parquet", "unseen.parquet", "known.parquet", "retold.parquet"),
)

_NAMES = ("family_name", "full_name", "given_name")
_MISSPELT = 3
"""One altered record in so many has a misspelt name; the others have another phone, if they had one."""


@dataclass(frozen=True, slots=True)
class Split:
    """`written` are records held back and altered copies of loaded ones, in random order; `unseen` the other records
    held back; `known` some of the loaded ones, to be asked for; `retold` altered copies of one loaded record in a
    hundred: a day's changes."""

    loaded: pa.Table
    written: pa.Table
    unseen: pa.Table
    known: pa.Table
    retold: pa.Table


def write_split(folder: str, plan: str) -> dict[str, Any]:
    """Split the records.parquet of a folder into the files that loading and asking read."""
    found = split(pq.read_table(Path(folder) / "records.parquet"), Plan.of(plan))
    parts = {
        LOADED: found.loaded,
        WRITTEN: found.written,
        UNSEEN: found.unseen,
        KNOWN: found.known,
        RETOLD: found.retold,
    }
    for name, table in parts.items():
        pq.write_table(table, Path(folder) / name, compression="zstd")
    return {name.partition(".")[0]: table.num_rows for name, table in parts.items()}


def split(records: pa.Table, plan: Plan) -> Split:
    """Choose at random, the same for the same records and plan."""
    chance = np.random.default_rng(SEED)
    order = chance.permutation(records.num_rows)
    altered = round(plan.written * plan.altered)
    fresh = plan.written - altered
    if records.num_rows < plan.held_back + altered or plan.held_back < fresh:
        raise ValueError(f"{records.num_rows} records are too few to hold {plan.held_back} back")
    held, others = order[: plan.held_back], order[plan.held_back :]
    copies = list(_altered(_taken(records, others[:altered]).to_pylist(), records, chance))
    written = pa.concat_tables(
        [_taken(records, held[:fresh]), pa.Table.from_pylist(copies, schema=records.schema)]
    )
    day = others[altered : altered + max(1, len(others) // 100)]
    retold = list(_altered(_taken(records, day).to_pylist(), records, chance))
    return Split(
        loaded=_taken(records, np.sort(others)),
        written=_taken(written, chance.permutation(written.num_rows)),
        unseen=_taken(records, held[fresh:]),
        known=_taken(records, chance.permutation(others)[: 2 * plan.lookups]),
        retold=pa.Table.from_pylist(retold, schema=records.schema),
    )


def _taken(table: pa.Table, places: Any) -> pa.Table:
    return table.take(pa.array(places))


def _altered(
    rows: Sequence[dict[str, Any]], records: pa.Table, chance: Generator
) -> Iterator[dict[str, Any]]:
    # Told at the end of all that is known: what is older than what is stored would have no effect.
    now = pc.max(records["observed_at"]).as_py()
    for at, row in enumerate(rows):
        misspelt = at % _MISSPELT == 0 or not row["phone"]
        yield (
            row | (_misspelt(row, chance) if misspelt else _another_phone(row, chance)) | {"observed_at": now}
        )


def _misspelt(row: dict[str, Any], chance: Generator) -> dict[str, Any]:
    """Swap two neighbouring letters of a name."""
    name = next((name for name in _NAMES if len(row.get(name) or "") > 2), None)
    if name is None:
        return {"city": "Springfield"}
    text = row[name]
    at = int(chance.integers(1, len(text) - 1))
    return {name: f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"}


def _another_phone(row: dict[str, Any], chance: Generator) -> dict[str, Any]:
    """Replace the last four digits; where they stand and how they are grouped stays."""
    digits = list(f"{int(chance.integers(0, 10_000)):04}")
    told = [digits.pop() if sign.isdigit() and digits else sign for sign in reversed(row["phone"])]
    return {"phone": "".join(reversed(told))}


def rows(folder: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(Path(folder) / name).to_pylist()
    return found


def arrivals(service: Service, folder: str, name: str) -> list[Arrival]:
    """Return a file's records as they would arrive, read as a load reads them and in the order of the file."""
    file = Path(folder) / name
    told = {
        arrival.record.key: arrival for arrival in one_by_one(service.reading.delivery(file, None).records)
    }
    keys = (RecordKey(row["source"], row["source_record_id"]) for row in rows(folder, name))
    return [told[key] for key in keys if key in told]
