"""What blocking finds, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from identity.bootstrap import Service
from identity.engines.coverage import Coverage
from identity.engines.pairs import among, pack
from identity.face.tables import Records, arrow_table, settings_of, taken

__all__ = ["Blocking", "blocking"]

_KEYS = ["source", "source_record_id"]


@dataclass(frozen=True, slots=True)
class Blocking:
    """What all keys do together, and each by itself.

    `keys` has a row per key of the rules: key, records (that have a value for it), blocks, largest, over_cap (blocks
    that yield nothing), pairs, alone (pairs that no other key proposes), and with a truth true_pairs, true_alone.
    `recall` is the share of all true pairs that any key proposes; None without a truth.
    """

    records: int
    pairs: int
    recall: float | None
    keys: pa.Table

    @property
    def pairs_per_record(self) -> float:
        return self.pairs / max(self.records, 1)

    @property
    def reduction(self) -> float:
        """The share of all possible pairs that are never compared."""
        return 1 - self.pairs / max(self.records * (self.records - 1) / 2, 1)


def blocking(
    records: Records,
    *,
    source: str | None = None,
    truth: Records | None = None,
    person: str = "person_id",
    rules: Path | None = None,
) -> Blocking:
    """Return what the blocking keys propose among `records`, before anything is compared.

    `truth` (source, source_record_id, `person`) tells how many of the true pairs are among it.
    """
    service = Service(settings_of(rules))
    intake = taken(service, records, source)
    places, found = service.batch_engine.coverage(service.workshop_columns(intake.records))
    true = _true_pairs(places, arrow_table(truth), person) if truth is not None else None
    every = np.unique(np.concatenate([each.pairs for each in found])) if found else np.empty(0, np.int64)
    recall = float(among(true, every).mean()) if true is not None and len(true) else None
    return Blocking(places.num_rows, len(every), recall, _table(found, true))


def _table(found: Sequence[Coverage], true: NDArray[np.int64] | None) -> pa.Table:
    names = ("key", "records", "blocks", "largest", "over_cap")
    rows = [
        {name: getattr(each, name) for name in names} | {"pairs": len(each.pairs), "alone": each.alone}
        for each in found
    ]
    if true is not None:
        right = [each.pairs[among(each.pairs, true)] for each in found]
        pairs, times = np.unique(np.concatenate(right), return_counts=True)
        once = pairs[times == 1]
        for row, mine in zip(rows, right, strict=True):
            row |= {"true_pairs": len(mine), "true_alone": int(among(mine, once).sum())}
    return pa.Table.from_pylist(rows)


def _true_pairs(places: pa.Table, truth: pa.Table, person: str) -> NDArray[np.int64]:
    """Return the pairs of one person's records, in order, as numbers of their places."""
    placed = places.select(_KEYS).append_column("place", pa.array(np.arange(places.num_rows, dtype=np.int32)))
    told = placed.join(truth.select([*_KEYS, person]), _KEYS, join_type="inner").select(["place", person])
    told = told.filter(pa.compute.is_valid(told[person]))
    both = told.join(told, person, right_suffix="_other", join_type="inner")
    left, right = both["place"].to_numpy(), both["place_other"].to_numpy()
    return np.sort(pack(left[left < right], right[left < right]))
