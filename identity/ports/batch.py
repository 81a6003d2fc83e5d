"""What works on a whole population at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from identity.model.match import MatchModel
from identity.steps.file import Cabinet

Numbers = NDArray[np.int64]


class Filings(Protocol):
    """Where each record of a population is filed, as `steps/file.py` says. Places are rows of the clusters."""

    def features(self) -> pa.StringArray:
        """Return each record's features as one text, in the order of the names that were asked for."""
        ...

    def blocks(self, places: Numbers) -> tuple[Numbers, Numbers]:
        """Return the blocks of the records at `places`, in order, and beside each the place of a record in it."""
        ...

    def holdings(self, places: Numbers) -> tuple[Numbers, Numbers, Numbers, NDArray[np.bool_]]:
        """Return identifier values in order, and beside each the place of a holder, its name, and if it has one."""
        ...

    def generic(self, values: Mapping[str, tuple[str, ...]]) -> list[int]:
        """Return the numbers of generic values, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a batch engine found. `clusters` has a row per record in key order: RECORD_KEYS and `cluster`, a number.

    `links` (left_source, left_id, right_source, right_id, match_weight, judgement, blocked) holds every pair at or
    above the review threshold; `blocked` are those that share a block, the others are in one component. `generic`
    names, per feature, the values taken for nobody's own. `file` tells where a cabinet files the population.
    """

    clusters: pa.Table
    links: pa.Table
    model: MatchModel
    trained_now: bool
    candidate_pairs: int
    generic: Mapping[str, tuple[str, ...]]
    file: Callable[[Cabinet, Sequence[str]], Filings]


class StageTimer(Protocol):
    def stage(self, name: str) -> AbstractContextManager[None]:
        """Time what is done inside, under a name that people read."""
        ...


class BatchEngine(Protocol):
    """Blocks, compares, decides and clusters a whole population."""

    def resolve(
        self,
        records: pa.Table,
        stages: StageTimer,
        model: MatchModel | None = None,
        verdicts: pa.Table | None = None,
        *,
        adaptable: bool = False,
    ) -> Resolution:
        """Return the resolution of `records` (RECORD_KEYS and attributes as text); without a model, train one.

        People's VERDICTS hold whatever the records say. An `adaptable` model is replaced by a new one when it does not
        fit the records any more.
        Raises ModelError when the records have nothing to compare or lack what the model compares.
        """
        ...


class Survivor(Protocol):
    """Elects the golden values of a whole population."""

    def __call__(self, records: pa.Table, memberships: pa.Table, *, flat: bool = False) -> pa.Table:
        """Return a row per golden id: golden_id, attributes, consents, record_count, fingerprint.

        `flat` adds a column per attribute.
        """
        ...


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What takes the stored partition to a new one, in chunks that may be committed one by one.

    Every table has a column `chunk` and is sorted by it. A profile that gives records and the ones that receive them
    share a chunk, so
    each committed snapshot has every record in exactly one live profile.
    """

    chunks: int
    records: pa.Table
    moves: pa.Table
    profiles: pa.Table
    retired: pa.Table
    links: pa.Table
    events: pa.Table

    def of(self, chunk: int) -> ChangeSet:
        """Return one chunk's share."""
        tables = (self.records, self.moves, self.profiles, self.retired, self.links, self.events)
        return ChangeSet(1, *(_stretch(table, chunk) for table in tables))


def _stretch(table: pa.Table, chunk: int) -> pa.Table:
    chunks = table["chunk"].to_numpy()
    start, end = chunks.searchsorted(chunk), chunks.searchsorted(chunk, side="right")
    return table.slice(start, end - start)


class Differ(Protocol):
    """Compares the stored partition with a new one."""

    def __call__(
        self,
        *,
        records: pa.Table,
        previous: pa.Table,
        states: pa.Table,
        assigned: pa.Table,
        survived: pa.Table,
        links: pa.Table,
        model_version: str,
        at: datetime,
    ) -> ChangeSet: ...
