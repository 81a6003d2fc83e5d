"""reindex: after a re-match, records are found in real time by the features they have now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from identity.ports import FEATURE_TEXTS, FILED, GENERIC_VALUES, HELD, Filings, Resolution, UnitOfWork
from identity.steps.file import Cabinet

__all__ = ["Index", "is_current", "reindex"]

_KEYS = ["source", "source_record_id"]


@dataclass(frozen=True, slots=True)
class Index:
    """How the index is built: the cabinet that files, the order of features, and the version that stands for both."""

    cabinet: Cabinet
    names: Sequence[str]
    version: str

    def filings(self, resolution: Resolution) -> Filings:
        return resolution.file(self.cabinet, self.names)


def is_current(filings: Filings, keys: pa.Table, stored: pa.Table) -> bool:
    """Say whether `stored` (LIVE_RECORDS) are just the records of these keys, filed by the features they have now."""
    if stored.num_rows != keys.num_rows:
        return False
    placed = keys.select(_KEYS).append_column("place", pa.array(np.arange(keys.num_rows)))
    found = placed.join(stored.select([*_KEYS, "features"]), _KEYS, join_type="left outer").sort_by("place")
    return bool(found["features"].combine_chunks().equals(filings.features()))


def reindex(work: UnitOfWork, index: Index, filings: Filings, resolution: Resolution) -> None:
    """Build the index anew: everybody's features, blocks and identifier values, and the values that are nobody's."""
    work.clear_index()
    numbers = _numbers(work, resolution.clusters)
    work.put_features(pa.table({"number": numbers, "features": filings.features()}, FEATURE_TEXTS))
    places = np.arange(len(numbers), dtype=np.int64)
    blocks, whose = filings.blocks(places)
    work.file(pa.table({"block": blocks, "record": numbers.to_numpy()[whose]}, FILED), FILED.empty_table())
    values, holders, names, named = filings.holdings(places)
    held = {"value": values, "record": numbers.to_numpy()[holders], "name": pa.array(names, mask=~named)}
    work.hold(pa.table(held, HELD), HELD.empty_table())
    work.put_generic(pa.table({"value": filings.generic(resolution.generic)}, GENERIC_VALUES))
    work.close_index(index.version)


def _numbers(work: UnitOfWork, clusters: pa.Table) -> pa.Array:
    """Return the store's number of each record, row by row of `clusters`."""
    placed = clusters.select(_KEYS).append_column("place", pa.array(np.arange(clusters.num_rows)))
    found = placed.join(work.record_numbers(), _KEYS, join_type="left outer").sort_by("place")
    numbers = found["number"].combine_chunks()
    assert not pc.any(pc.is_null(numbers)).as_py(), "every record that was resolved is stored"
    return numbers
