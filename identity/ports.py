"""What a flow needs from outside, as Protocols, and the shape of every Arrow table that crosses.

A column list is a promise in both directions: what is read has exactly these columns in this order; what is
written needs at least these columns (others are ignored). Times are UTC. JSON columns hold JSON as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from identity.model.match import MatchModel
from identity.model.record import CANONICAL_ATTRIBUTES

__all__ = [
    "EVENTS",
    "LINKS",
    "LIVE_RECORDS",
    "MEMBERSHIPS",
    "PROFILES",
    "PROFILE_STATES",
    "QUARANTINED",
    "RECORDS",
    "RECORD_HASHES",
    "RECORD_KEYS",
    "REDIRECTS",
    "BatchEngine",
    "Change",
    "ChangeSet",
    "Clock",
    "Differ",
    "Load",
    "LoadCounts",
    "ModelRepository",
    "Resolution",
    "StageTimer",
    "StoredModel",
    "Survivor",
    "Transactions",
    "UnitOfWork",
]

TIME = pa.timestamp("us", tz="UTC")


def _columns(*names: str, times: tuple[str, ...] = (), numbers: tuple[str, ...] = ()) -> pa.Schema:
    kinds = (
        dict.fromkeys(names, pa.string()) | dict.fromkeys(times, TIME) | dict.fromkeys(numbers, pa.int64())
    )
    return pa.schema([(name, kinds[name]) for name in names])


RECORD_KEYS = _columns("source", "source_record_id")
RECORD_HASHES = _columns("source", "source_record_id", "content_hash")
RECORDS = _columns(
    "source", "source_record_id", "mode", "content_hash", "observed_at", "loaded_at", "load_id", "deleted_at",
    *CANONICAL_ATTRIBUTES, "consents", "custom", "original",
    times=("observed_at", "loaded_at", "deleted_at"),
)  # fmt: skip
LIVE_RECORDS = _columns(
    "source", "source_record_id", "content_hash", "observed_at", *CANONICAL_ATTRIBUTES, "consents", "custom",
    times=("observed_at",),
)  # fmt: skip
MEMBERSHIPS = _columns("source", "source_record_id", "golden_id")
PROFILE_STATES = _columns(
    "golden_id", "version", "status", "fingerprint", "created_at", times=("created_at",), numbers=("version",)
)
PROFILES = _columns(
    "golden_id", "version", "status", "record_count", "fingerprint", "created_at", "updated_at",
    "attributes", "consents",
    times=("created_at", "updated_at"), numbers=("version", "record_count"),
)  # fmt: skip
REDIRECTS = _columns("retired", "survivor")
LINKS = pa.schema(
    [
        *_columns("left_source", "left_id", "right_source", "right_id"),
        ("match_weight", pa.float64()),
        *_columns("judgement", "decided_by", "model_version", "decided_at", times=("decided_at",)),
    ]
)
EVENTS = _columns(
    "event_id", "type", "subject", "version", "time", "correlation_id", "body",
    times=("time",), numbers=("version",),
)  # fmt: skip
QUARANTINED = _columns(
    "load_id", "file", "row", "column", "source", "source_record_id", "code", "message", "outcome", "raw",
    "status", "created_at",
    times=("created_at",), numbers=("row",),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One operation that moves records or profiles: what, who, why, when."""

    change_id: str
    kind: str
    actor: str
    at: datetime
    reason: str = ""
    correlation_id: str | None = None
    model_version: str | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """One file on its way in."""

    load_id: str
    file: str
    file_digest: str
    source: str
    started_at: datetime
    model_version: str | None = None


@dataclass(frozen=True, slots=True)
class LoadCounts:
    """Where a load's rows went: accepted + quarantined + rejected = rows; accepted includes unchanged."""

    rows: int
    accepted: int
    quarantined: int
    rejected: int
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A match model as it was stored: its version and its JSON."""

    version: str
    body: str


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the present moment, timezone-aware, in UTC."""
        ...


class ModelRepository(Protocol):
    def put_model(self, model: StoredModel, created_at: datetime) -> None:
        """Store the model (a known version keeps its first body) and make it the active one."""
        ...

    def active_model(self) -> StoredModel | None: ...


class UnitOfWork(ModelRepository, Protocol):
    """Changes that become visible together or not at all. Reads see the writes made before them."""

    @property
    def at(self) -> datetime:
        """The moment of this unit: the clock when it began, and never before an earlier change."""
        ...

    def live_records(self) -> pa.Table:
        """Return LIVE_RECORDS: every record that is live and not deleted."""
        ...

    def memberships(self) -> pa.Table:
        """Return MEMBERSHIPS: the golden id each record is under now."""
        ...

    def profiles(self) -> pa.Table:
        """Return PROFILE_STATES of every golden id ever issued, whatever its status."""
        ...

    def redirects(self) -> pa.Table:
        """Return REDIRECTS: each retired golden id and the one that answers for it, in one hop."""
        ...

    def steward_links(self) -> pa.Table:
        """Return LINKS that a person decided."""
        ...

    def record_hashes(self) -> pa.Table:
        """Return RECORD_HASHES of every stored record, deleted and shadow ones too."""
        ...

    def put_records(self, records: pa.Table) -> None:
        """Insert RECORDS, or replace those with the same key."""
        ...

    def move(self, memberships: pa.Table, change_id: str, at: datetime) -> None:
        """Put each record of MEMBERSHIPS under its golden id from `at` on; a null golden id takes it out.

        What was there before stays in the history; a record already there is not touched.
        """
        ...

    def put_profiles(self, profiles: pa.Table) -> None:
        """Insert PROFILES, or update those known (created_at stays). An id put as live loses its redirect."""
        ...

    def retire(self, redirects: pa.Table, change_id: str, at: datetime) -> None:
        """Merge away each `retired` id of REDIRECTS into `survivor`; every redirect stays a single hop.

        The retired profile becomes 'merged' with no records, and its version rises by one: the version its
        last event carries. Raises StoreError E408 when redirects lead in a circle.
        """
        ...

    def replace_links(self, touched: pa.Table, links: pa.Table) -> None:
        """Forget the machine links of the records `touched` (RECORD_KEYS), then store LINKS.

        A link a person decided is only ever replaced by another person's.
        """
        ...

    def append_events(self, events: pa.Table) -> None:
        """Append EVENTS to the log in the order of the table. One event per subject and version."""
        ...

    def put_quarantine(self, rows: pa.Table) -> None:
        """Store QUARANTINED rows, each with its reason."""
        ...

    def start_load(self, load: Load) -> None: ...

    def finish_load(self, load_id: str, counts: LoadCounts, finished_at: datetime) -> None: ...

    def put_change(self, change: Change) -> None: ...


class Transactions(Protocol):
    """Opens units of work."""

    def begin(self, clock: Clock) -> AbstractContextManager[UnitOfWork]:
        """Return a unit that commits when its `with` block ends well, and leaves nothing when it raises."""
        ...


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a batch engine found. `clusters` has a row per record in key order: RECORD_KEYS and `cluster`, a number.

    `links` (left_source, left_id, right_source, right_id, match_weight, judgement) holds every pair at or above the
    review threshold. `generic` names, per attribute, the values taken for nobody's own.
    """

    clusters: pa.Table
    links: pa.Table
    model: MatchModel
    trained_now: bool
    candidate_pairs: int
    generic: Mapping[str, tuple[str, ...]]


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
        *,
        adaptable: bool = False,
    ) -> Resolution:
        """Return the resolution of `records` (RECORD_KEYS and attributes as text); without a model, train one.

        An `adaptable` model is replaced by a new one when it does not fit the records any more.
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
