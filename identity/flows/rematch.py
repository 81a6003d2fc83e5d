"""rematch: everything the store knows, and what has just arrived, resolved afresh and stored as changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from identity.flows.reindex import Index, is_current, reindex
from identity.flows.resolve import golden_ids
from identity.model.errors import StoreError
from identity.model.match import MatchModel
from identity.ports import (
    LIVE_RECORDS,
    RECORD_KEYS,
    RECORDS,
    BatchEngine,
    Change,
    ChangeSet,
    Clock,
    Differ,
    Resolution,
    StageTimer,
    StoredModel,
    Survivor,
    Transactions,
    UnitOfWork,
)

__all__ = ["Rematched", "Workshop", "rematch"]


# What is known of a record, but for what it is filed by: that follows from it.
_TOLD = pa.schema([field for field in LIVE_RECORDS if field.name != "features"])


@dataclass(frozen=True, slots=True)
class Workshop:
    """What the population flows work with."""

    transactions: Transactions
    engine: BatchEngine
    survivor: Survivor
    differ: Differ
    spread: Callable[[pa.Table], pa.Table]
    freeze: Callable[[MatchModel], StoredModel]
    thaw: Callable[[StoredModel], MatchModel]
    index: Index
    clock: Clock
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Rematched:
    """What a re-match did: records looked at, profiles there are, and how many were born, changed, merged or split."""

    records: int
    profiles: int
    created: int
    updated: int
    merged: int
    split: int
    records_moved: int
    model_version: str
    trained_now: bool


def rematch(
    shop: Workshop,
    stages: StageTimer,
    arrivals: pa.Table | None = None,
    model: MatchModel | None = None,
    reason: str = "",
    *,
    retrain: bool = False,
) -> Rematched:
    """Resolve all live records, `arrivals` (RECORDS) among them, and store what changed, chunk by chunk.

    Without a `model` the active one judges while it fits, else (or with `retrain`) a new one is trained and becomes
    active. Each chunk commits with its records, memberships, profiles, links and events. Interrupted, a second run
    finds what is stored and does the rest.
    """
    with stages.stage("read"), shop.transactions.begin(shop.clock) as work:
        known = _Known.of(work)
    arrivals = _effective(RECORDS.empty_table() if arrivals is None else arrivals, known.records)
    population = shop.spread(_population(known.records, arrivals))
    if not population.num_rows:
        with shop.transactions.begin(shop.clock) as work:
            work.put_records(arrivals)
        return Rematched(0, 0, 0, 0, 0, 0, 0, "", trained_now=False)
    adaptable = model is None
    if model is None and known.model is not None and not retrain:
        model = shop.thaw(known.model)
    resolution = shop.engine.resolve(population, stages, model, known.verdicts, adaptable=adaptable)
    with stages.stage("identify"):
        assigned = golden_ids(
            resolution.clusters, _aligned(known.memberships, resolution.clusters), known.states
        )
    with stages.stage("survive"):
        survived = shop.survivor(population, assigned)
    with stages.stage("compare with what is stored"):
        changes = shop.differ(
            records=arrivals,
            previous=known.memberships,
            states=known.states,
            assigned=assigned,
            survived=survived,
            links=resolution.links,
            model_version=resolution.model.version,
            at=shop.clock.now(),
        )
    _store_all(shop, stages, known, changes, resolution, reason, anew=arrivals.num_rows > 0)
    return _told(population, survived, changes, resolution)


@dataclass(slots=True)
class _Known:
    """What is stored when a re-match begins. More `changes` than that, but for ours, mean that it is no longer so."""

    changes: int
    records: pa.Table
    memberships: pa.Table
    states: pa.Table
    model: StoredModel | None
    index_version: str | None
    verdicts: pa.Table

    @classmethod
    def of(cls, work: UnitOfWork) -> _Known:
        return cls(
            work.count_changes(),
            work.live_records(),
            work.memberships(),
            work.profiles(),
            work.active_model(),
            work.index_version(),
            work.verdicts(),
        )

    def refuse_others(self, work: UnitOfWork) -> None:
        if work.count_changes() != self.changes:
            raise StoreError(
                "E411",
                "Records were written while everything was being resolved; what is stored so far is consistent.",
                "Run it again: what is done is found done.",
            )


def _effective(arrivals: pa.Table, stored: pa.Table) -> pa.Table:
    """Return `arrivals` without what a source in shadow mode tells of records that are live: it takes no effect."""
    shadows = arrivals.filter(pc.not_equal(arrivals["mode"], "live"))
    if not shadows.num_rows:
        return arrivals
    keys = ["source", "source_record_id"]
    new = shadows.join(stored.select(keys), keys, join_type="left anti").select(arrivals.column_names)
    return pa.concat_tables([arrivals.filter(pc.equal(arrivals["mode"], "live")), new])


def _population(stored: pa.Table, arrivals: pa.Table) -> pa.Table:
    """Return the live records with those that arrive in the place of their earlier versions."""
    live = arrivals.filter(pc.and_(pc.is_null(arrivals["deleted_at"]), pc.equal(arrivals["mode"], "live")))
    keys = ["source", "source_record_id"]
    kept = stored.join(arrivals.select(keys), keys, join_type="left anti") if arrivals.num_rows else stored
    return pa.concat_tables(
        [
            kept.select(_TOLD.names).cast(_TOLD),
            live.select(_TOLD.names).cast(_TOLD),
        ]
    )


def _aligned(previous: pa.Table, clusters: pa.Table) -> pa.Table:
    """Return, row by row of `clusters`, the golden id each record is under now, or null."""
    keys = ["source", "source_record_id"]
    placed = clusters.select(keys).append_column("place", pa.array(range(clusters.num_rows), pa.int64()))
    return placed.join(previous, keys, join_type="left outer").sort_by("place")


def _store_all(
    shop: Workshop,
    stages: StageTimer,
    known: _Known,
    changes: ChangeSet,
    resolution: Resolution,
    reason: str,
    *,
    anew: bool,
) -> None:
    """Store the changes chunk by chunk, then the index where records were told anew or it is not as it should be."""
    filings = shop.index.filings(resolution)
    built = known.index_version == shop.index.version and not anew
    indexed = built and is_current(filings, resolution.clusters, known.records)
    with stages.stage("persist"):
        for chunk in range(changes.chunks):
            with shop.transactions.begin(shop.clock) as work:
                known.refuse_others(work)
                known.changes += 1
                if not indexed:
                    work.open_index()
                change_id = shop.new_id()
                version = resolution.model.version
                work.put_change(Change(change_id, "rematch", "machine", work.at, reason, None, version))
                if chunk == 0:
                    work.put_model(shop.freeze(resolution.model), work.at)
                # Every machine link is made anew: the first chunk forgets the old ones, each brings its own.
                judged = known.memberships.select(RECORD_KEYS.names)
                _store(work, changes.of(chunk), judged if chunk == 0 else judged.slice(0, 0), change_id)
    if not indexed:
        with stages.stage("index"), shop.transactions.begin(shop.clock) as work:
            known.refuse_others(work)
            reindex(work, shop.index, filings, resolution)


def _store(work: UnitOfWork, share: ChangeSet, judged_before: pa.Table, change_id: str) -> None:
    work.put_records(share.records)
    work.put_profiles(share.profiles)
    work.move(share.moves, change_id, work.at)
    work.retire(share.retired, change_id, work.at)
    work.replace_links(judged_before, share.links)
    work.append_events(share.events)


def _told(population: pa.Table, survived: pa.Table, changes: ChangeSet, resolution: Resolution) -> Rematched:
    counted = (
        {row["values"]: row["counts"] for row in pc.value_counts(changes.events["type"]).to_pylist()}
        if changes.events.num_rows
        else {}
    )
    return Rematched(
        records=population.num_rows,
        profiles=survived.num_rows,
        created=counted.get("customer.created", 0),
        updated=counted.get("customer.updated", 0),
        merged=changes.retired.num_rows,
        split=counted.get("customer.split", 0),
        records_moved=changes.moves.num_rows,
        model_version=resolution.model.version,
        trained_now=resolution.trained_now,
    )
