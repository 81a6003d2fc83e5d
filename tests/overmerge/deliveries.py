"""How the records of a set reach the service: in which order, in how many parts, and by which way in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from identity.bootstrap import Service
from identity.engines.stages import Stages
from identity.model.record import RecordKey
from identity.ports import Resolution
from tests.flows.real_time import ingest_all
from tests.flows.world import load, rows
from tests.overmerge.world import World

__all__ = [
    "WAYS_IN",
    "Deliver",
    "by_loads",
    "by_records",
    "profiles_of",
    "ramped",
    "resolved",
    "shuffled",
    "stored_profiles",
]

LENDING: Final = ("store_phone", "store_email", "cashiers_card")
EARLY_PER_STORE: Final = 4
"""How many records with a value that a store lent come in the first half, when they are ramped."""


class Deliver(Protocol):
    """A way in. When it returns, all that the records entail is done, redo queues included."""

    def __call__(self, service: Service, parts: Sequence[pa.Table], folder: Path, /) -> None:
        """Deliver the parts one after the other. `folder` is there for files."""
        ...


def by_loads(service: Service, parts: Sequence[pa.Table], folder: Path) -> None:
    """Each part as a file of its own, loaded by itself."""
    for number, part in enumerate(parts):
        file = folder / f"part{number}.parquet"
        pq.write_table(part, file)
        report = load(service, file)
        assert report["accepted"] == part.num_rows, "a record of the set was not accepted"


def by_records(service: Service, parts: Sequence[pa.Table], _: Path) -> None:
    """Each part in batches of a hundred, resolved as they are written."""
    for part in parts:
        ingest_all(service, part.to_pylist(), at_once=100)


WAYS_IN: Final[Mapping[str, Deliver]] = {"loads": by_loads, "records": by_records}


def shuffled(world: World, parts: int, seed: int = 1) -> list[pa.Table]:
    """The records in any order, in parts of one size."""
    order = np.random.Generator(np.random.PCG64(seed)).permutation(world.records.num_rows)
    return [world.told.take(share) for share in np.array_split(order, parts)]


def ramped(world: World, parts: int, seed: int = 1) -> list[pa.Table]:
    """The records in an order in which lent values are rare at first, and become generic only in the second half.

    The early ones are the most persuasive: two of a household, or one person twice, give the same store's value.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    columns = (world.records[name].to_pylist() for name in ("seduced_by", "household_id", "store"))
    lent = [
        (row, household, store)
        for row, (by, household, store) in enumerate(zip(*columns, strict=True))
        if not set(LENDING).isdisjoint((by or "").split())
    ]
    homes, seen = Counter(household for _, household, _ in lent), Counter[str]()
    place = rng.random(world.records.num_rows)
    for row, household, store in sorted(lent, key=lambda found: found[1]):
        early = homes[household] > 1 and seen[store] < EARLY_PER_STORE
        seen[store] += early
        place[row] = place[row] / 2 + (0.0 if early else 0.5)
    return [world.told.take(share) for share in np.array_split(np.argsort(place, kind="stable"), parts)]


def stored_profiles(database: Path) -> dict[RecordKey, str]:
    """The golden id that each stored record is under."""
    query = "select source, source_record_id, golden_id from crosswalk where valid_to is null"
    return {RecordKey(source, record): golden_id for source, record, golden_id in rows(database, query)}


def resolved(service: Service, world: World) -> Resolution:
    """All records resolved at once by the model that is active now, whatever is stored."""
    return service.engine().resolve(world.told, Stages(), service.active_model())


def profiles_of(resolution: Resolution) -> dict[RecordKey, str]:
    """The cluster that each resolved record is in."""
    columns = (resolution.clusters[name].to_pylist() for name in ("source", "source_record_id", "cluster"))
    return {RecordKey(source, record): str(cluster) for source, record, cluster in zip(*columns, strict=True)}
