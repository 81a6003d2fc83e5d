"""The unit of work for changes of any size, and what it stores besides tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

import pyarrow as pa

from identity.model.consent import Identifier
from identity.model.consent_fact import ConsentFact
from identity.model.cutover import Cutover
from identity.model.record import RecordKey
from identity.ports.reviews import ReviewTables


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
    def put_model(
        self, model: StoredModel, created_at: datetime, actor: str = "machine", reason: str = ""
    ) -> None:
        """Store the model (a known version keeps its first body) and make it the active one. Another one than before
        is written down in the history of models, in the name of `actor`."""
        ...

    def active_model(self) -> StoredModel | None: ...

    def keep_model(self, model: StoredModel, created_at: datetime) -> None:
        """Store a model without making it the active one: a candidate."""
        ...

    def model(self, version: str) -> StoredModel | None: ...


class UnitOfWork(ModelRepository, ReviewTables, Protocol):
    """Changes that become visible together or not at all. Reads see the writes made before them."""

    @property
    def at(self) -> datetime:
        """The moment of this unit: the clock when it began, and always after every earlier change."""
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

    def verdicts(self) -> pa.Table:
        """Return VERDICTS: what people said of pairs and nobody took back, each pair once per judgement."""
        ...

    def suppression(self) -> frozenset[int]:
        """Return every mark of somebody who was erased."""
        ...

    def cutovers(self) -> list[Cutover]:
        """Return every cutover there was, the oldest first."""
        ...

    def shadow_records(self) -> pa.Table:
        """Return LIVE_RECORDS of every record that takes no effect and is not deleted."""
        ...

    def restricted(self) -> pa.Table:
        """Return the keys of records that are kept and not used (RECORD_KEYS)."""
        ...

    def record_hashes(self) -> pa.Table:
        """Return RECORD_HASHES of every stored record, deleted and shadow ones too."""
        ...

    def count_changes(self) -> int:
        """Return how many changes there ever were: the same number means that nobody has written anything."""
        ...

    def log_end(self) -> int:
        """Return the position of the last event, 0 before the first."""
        ...

    def subjects_since(self, position: int) -> frozenset[str]:
        """Return the golden ids that events behind a position are about: whatever happened to a profile is told."""
        ...

    def records_since(self, moment: datetime) -> pa.Table:
        """Return LIVE_RECORDS that were told at or after a moment."""
        ...

    def links(self) -> pa.Table:
        """Return LINKS, all of them."""
        ...

    def crowded(self, blocks: pa.Table, most: int) -> pa.Table:
        """Return FILED of those of these blocks (GENERIC_VALUES) that hold up to `most` records."""
        ...

    def generic_values(self) -> pa.Table:
        """Return GENERIC_VALUES: what counts as nobody's own."""
        ...

    def holders(self, values: pa.Table) -> pa.Table:
        """Return HELD of these GENERIC_VALUES."""
        ...

    def put_redo(self, numbers: pa.Table, reason: str) -> None:
        """Queue records (column `number`) to be decided again."""
        ...

    def index_version(self) -> str | None:
        """Return what the index of real time was built with, None while it is being built."""
        ...

    def record_numbers(self) -> pa.Table:
        """Return RECORD_NUMBERS of every record that is live and not deleted."""
        ...

    def open_index(self) -> None:
        """Forget the version of the index: from now on it is being built."""
        ...

    def clear_index(self) -> None:
        """Empty the index: no record is filed, holds anything, is generic or waits to be decided again."""
        ...

    def put_features(self, features: pa.Table) -> None:
        """Store FEATURE_TEXTS: what records are filed by (null: not filed)."""
        ...

    def file(self, into: pa.Table, out_of: pa.Table) -> None:
        """Put records into blocks and out of blocks (FILED)."""
        ...

    def hold(self, added: pa.Table, dropped: pa.Table) -> None:
        """Store who holds which identifier value (HELD)."""
        ...

    def put_generic(self, values: pa.Table) -> None:
        """Store GENERIC_VALUES in the place of all that were stored."""
        ...

    def close_index(self, version: str) -> None:
        """Say that the index is built, and with what."""
        ...

    def put_facts(self, facts: Sequence[ConsentFact]) -> None:
        """Store facts of consents; one that is known stays as it is."""
        ...

    def blinds(self) -> frozenset[Identifier]:
        """Return what facts are for whose values are not to be read: a kind and a blind each."""
        ...

    def blind_keys(self) -> frozenset[RecordKey]:
        """Return what facts are about whose records are not known: blinds in the place of keys."""
        ...

    def respell_facts(
        self, spelled: Mapping[Identifier, str], keys: Mapping[RecordKey, RecordKey] = MappingProxyType({})
    ) -> None:
        """Have every fact for one of these identifiers be for another value of its kind, without its evidence, and
        every fact about the record of one of these keys about another one."""
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
        """Forget the links of the records `touched` (RECORD_KEYS), then store LINKS."""
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
