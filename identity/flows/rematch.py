"""rematch: everything the store knows, and what has just arrived, resolved afresh and stored as changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from identity.flows.online.blinds import recall_loaded
from identity.flows.reindex import Index, is_current, reindex
from identity.flows.resolve import golden_ids
from identity.model.consent_fact import ConsentFact
from identity.model.errors import StoreError
from identity.model.match import MatchModel
from identity.model.record import RESTRICTED
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

__all__ = [
    "Known",
    "Proposal",
    "Rematched",
    "Workshop",
    "changes_to",
    "propose",
    "rematch",
    "store_all",
    "told",
]


# What is known of a record, but for what it is filed by: that follows from it.
_TOLD = pa.schema([field for field in LIVE_RECORDS if field.name != "features"])


@dataclass(frozen=True, slots=True)
class Workshop:
    """What the population flows work with. `remember` has the database know what journals tell: that waits for an
    index that is built for these rules."""

    transactions: Transactions
    engine: BatchEngine
    survivor: Survivor
    differ: Differ
    unlike_links: Callable[[pa.Table, pa.Table], pa.Table]
    refresh_reviews: Callable[[], object]
    spread: Callable[[pa.Table], pa.Table]
    refresh: Callable[[pa.Table, StageTimer, MatchModel], MatchModel]
    freeze: Callable[[MatchModel], StoredModel]
    thaw: Callable[[StoredModel], MatchModel]
    index: Index
    refusals_left: Callable[[pa.Table, pa.Table, datetime], list[ConsentFact]]
    clock: Clock
    new_id: Callable[[], str]
    remember: Callable[[], object] = lambda: None


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


@dataclass(frozen=True, slots=True)
class Proposal:
    """What resolving everything afresh would come to, given what was known. Nothing of it is stored yet."""

    known: Known
    population: pa.Table
    resolution: Resolution
    assigned: pa.Table
    survived: pa.Table
    changes: ChangeSet


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
    with stages.stage("read"):
        known = Known.read(shop)
    arrivals = _effective(RECORDS.empty_table() if arrivals is None else arrivals, known.records)
    arrivals = _not_in_use(arrivals, known.restricted)
    if refusals := shop.refusals_left(known.records, arrivals, known.at):
        with shop.transactions.begin(shop.clock) as work:
            work.put_facts(refusals)
    if arrivals.num_rows:
        with shop.transactions.begin(shop.clock) as work:
            recall_loaded(work, shop.index.cabinet.digest, arrivals)
    proposal = propose(shop, stages, known, arrivals, model, retrain=retrain, adaptable=model is None)
    if proposal is None:
        with shop.transactions.begin(shop.clock) as work:
            work.put_records(arrivals)
        return Rematched(0, 0, 0, 0, 0, 0, 0, "", trained_now=False)
    store_all(shop, stages, proposal, reason, anew=arrivals.num_rows > 0)
    with stages.stage("review"):
        shop.refresh_reviews()
    return told(proposal)


def propose(
    shop: Workshop,
    stages: StageTimer,
    known: Known,
    arrivals: pa.Table | None = None,
    model: MatchModel | None = None,
    *,
    retrain: bool = False,
    adaptable: bool = False,
) -> Proposal | None:
    """Return what all live records, `arrivals` among them, come to; None where there are none."""
    arrivals = RECORDS.empty_table() if arrivals is None else arrivals
    population = shop.spread(_population(known.records, arrivals))
    if not population.num_rows:
        return None
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
        changes = changes_to(shop, known, resolution, assigned, survived, arrivals)
    return Proposal(known, population, resolution, assigned, survived, changes)


def changes_to(
    shop: Workshop,
    known: Known,
    resolution: Resolution,
    assigned: pa.Table,
    survived: pa.Table,
    arrivals: pa.Table | None = None,
) -> ChangeSet:
    """Return what takes the known partition to `assigned`."""
    return shop.differ(
        records=RECORDS.empty_table() if arrivals is None else arrivals,
        previous=known.memberships,
        states=known.states,
        assigned=assigned,
        survived=survived,
        links=resolution.links,
        model_version=resolution.model.version,
        at=shop.clock.now(),
    )


@dataclass(slots=True)
class Known:
    """What is stored when a re-match begins. More `changes` than that, but for ours, mean that it is no longer so;
    events behind `position` tell what happened to profiles since."""

    at: datetime
    position: int
    changes: int
    records: pa.Table
    memberships: pa.Table
    states: pa.Table
    model: StoredModel | None
    index_version: str | None
    verdicts: pa.Table
    restricted: pa.Table

    @classmethod
    def read(cls, shop: Workshop) -> Known:
        with shop.transactions.begin(shop.clock) as work:
            return cls.of(work)

    @classmethod
    def of(cls, work: UnitOfWork) -> Known:
        return cls(
            work.at,
            work.log_end(),
            work.count_changes(),
            work.live_records(),
            work.memberships(),
            work.profiles(),
            work.active_model(),
            work.index_version(),
            work.verdicts(),
            work.restricted(),
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


def _not_in_use(arrivals: pa.Table, restricted: pa.Table) -> pa.Table:
    """Return `arrivals` with those of people who are not to be used marked so: they are kept, and nothing more."""
    if not restricted.num_rows or not arrivals.num_rows:
        return arrivals
    keys = ["source", "source_record_id"]
    marked = arrivals.join(restricted, keys, join_type="left semi").select(arrivals.column_names)
    modes = pa.array([RESTRICTED] * marked.num_rows, marked.schema.field("mode").type)
    at = marked.column_names.index("mode")
    others = arrivals.join(restricted, keys, join_type="left anti").select(arrivals.column_names)
    return pa.concat_tables([others, marked.set_column(at, marked.schema.field("mode"), modes)])


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


def store_all(shop: Workshop, stages: StageTimer, proposal: Proposal, reason: str, *, anew: bool) -> None:
    """Store the changes chunk by chunk, then the index where records were told anew or it is not as it should be.

    Raises StoreError E411 when somebody else wrote meanwhile.
    """
    known, changes, resolution = proposal.known, proposal.changes, proposal.resolution
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
    if known.index_version != shop.index.version:
        shop.remember()


def _store(work: UnitOfWork, share: ChangeSet, judged_before: pa.Table, change_id: str) -> None:
    work.put_records(share.records)
    work.put_profiles(share.profiles)
    work.move(share.moves, change_id, work.at)
    work.retire(share.retired, change_id, work.at)
    work.replace_links(judged_before, share.links)
    work.append_events(share.events)


def told(proposal: Proposal) -> Rematched:
    """Return a proposal in numbers."""
    changes = proposal.changes
    counted = (
        {row["values"]: row["counts"] for row in pc.value_counts(changes.events["type"]).to_pylist()}
        if changes.events.num_rows
        else {}
    )
    return Rematched(
        records=proposal.population.num_rows,
        profiles=proposal.survived.num_rows,
        created=counted.get("customer.created", 0),
        updated=counted.get("customer.updated", 0),
        merged=changes.retired.num_rows,
        split=counted.get("customer.split", 0),
        records_moved=changes.moves.num_rows,
        model_version=proposal.resolution.model.version,
        trained_now=proposal.resolution.trained_now,
    )
