"""The composition root: the only file that knows every adapter."""

from __future__ import annotations

import os
import random
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa

from identity.auditing import audit_key
from identity.clock import SystemClock
from identity.comparators import Comparator, Nicknames, comparators
from identity.connectors.arrivals import spread
from identity.connectors.audit_anchors import AuditAnchors
from identity.connectors.intake import Intake
from identity.connectors.reading import Reading
from identity.consenting import Consents, survivor_of
from identity.counting import counted
from identity.engines.changes import difference, unlike_links
from identity.engines.duckdb import DuckDBEngine
from identity.engines.named import engine_named
from identity.engines.sampling import Sampler
from identity.engines.surveying import Survey
from identity.filing import index_for
from identity.flows.estimate import SamplingRoom
from identity.flows.explain import How, Side, Why, WhyNot, how, why, why_not
from identity.flows.ingest import Ingested, ingest
from identity.flows.judge import Decisions
from identity.flows.lookup import Answer, Question, lookup
from identity.flows.match import Alike, match
from identity.flows.night import Night
from identity.flows.online.desk import Desk
from identity.flows.online.settle import refuse_another_index
from identity.flows.redo import drain
from identity.flows.reindex import Index
from identity.flows.rematch import Workshop
from identity.flows.review import ReviewRoom, refresh_reviews
from identity.ids import new_id
from identity.model.cluster import GoldenId
from identity.model.errors import LookupFailed
from identity.model.match import MatchModel, MatchRules
from identity.model.policy import SourcePolicy, SurvivorshipPolicy
from identity.model.purpose import PurposePolicy
from identity.model.record import SourceRecord
from identity.model.vocabulary import FEATURES
from identity.ports import Arrival, BatchEngine, Look, RunLog, StoredModel, Survivor
from identity.ports.delivery import Deliveries
from identity.remembering import Memory, Remembered
from identity.replica import PATIENT, Replica
from identity.scorers import Scorers
from identity.settings import Settings, settings_from
from identity.store import Store
from identity.systems import followed_systems
from matching_rules.consent_rules import load_consent_policy
from matching_rules.loader import load_source_policies, load_source_policy
from matching_rules.match_rules import load_match_rules, load_nickname_groups
from matching_rules.model_file import load_model, model_from_json, model_to_json
from matching_rules.purpose_rules import load_purposes
from matching_rules.rematch_rules import load_rematch_limits
from matching_rules.survivorship import load_survivorship_policy

if TYPE_CHECKING:
    from identity.delivery.office import Office

__all__ = ["Service", "Settings", "SystemClock", "settings_from"]

_T = TypeVar("_T")
STARTER = "starter.model.json"
"""What a database judges by until it has records to train on; trained on made-up people (`make starter`)."""


@dataclass(frozen=True)
class Service:
    """Everything wired together, made when first needed: a command that needs no database opens none."""

    settings: Settings

    @cached_property
    def match_rules(self) -> MatchRules:
        return load_match_rules(self.settings.rules / "customer.match.yml")

    @cached_property
    def nicknames(self) -> Nicknames:
        return Nicknames.of(load_nickname_groups(self.settings.rules / "reference" / "nicknames.txt"))

    @cached_property
    def comparators(self) -> dict[str, Comparator]:
        return comparators(self.nicknames)

    @cached_property
    def sources(self) -> dict[str, SourcePolicy]:
        return load_source_policies(self.settings.rules)

    @cached_property
    def survivorship(self) -> SurvivorshipPolicy:
        policy = self.settings.rules / "customer.survivorship.yml"
        trust = {name: source.trust for name, source in self.sources.items()}
        loaded = load_survivorship_policy(policy, self.match_rules.custom)
        return replace(loaded, trust=trust | dict(loaded.trust))

    @cached_property
    def purposes(self) -> dict[str, PurposePolicy]:
        return load_purposes(self.settings.rules / "customer.purposes.yml", self.match_rules.custom)

    @cached_property
    def consents(self) -> Consents:
        """What people agreed to: told, asked, proven; see `identity/consenting.py`."""
        policy = load_consent_policy(self.settings.rules / "customer.consent.yml")
        return Consents(policy, lambda: self.store, lambda: self.desk, lambda: self.secret)

    @property
    def features(self) -> tuple[str, ...]:
        """What records are compared and filed by, in the order in which it is stored."""
        return (*FEATURES, *self.match_rules.custom)

    @cached_property
    def store(self) -> Store:
        told = self.settings
        sealed = (audit_key(told), self.anchors.told, told.field_keys)
        store = Store(told.database_url, told.patience, self.features, told.connections, *sealed)
        store.migrate()
        store.check_keys()
        return store

    def engine(self, name: str = "duckdb") -> BatchEngine:
        """Return a batch engine by name. ModelError E603 for a name nobody knows."""
        told = self.settings
        spark = (told.spark_master, told.spark_folder)
        return engine_named(name, self.match_rules, self.nicknames, told.threads, told.memory, spark)

    @cached_property
    def batch_engine(self) -> DuckDBEngine:
        return DuckDBEngine(self.match_rules, self.nicknames, self.settings.threads, self.settings.memory)

    @cached_property
    def survivor(self) -> Survivor:
        return survivor_of(self.survivorship, self.settings.threads, lambda: self.consents.book(()))

    @cached_property
    def workshop(self) -> Workshop:
        if self._index_stands():  # otherwise it is built anew first
            self.remember()
        return Workshop(
            transactions=self.store,
            engine=self.engine(self.settings.engine),
            survivor=self.consents.survivor(self.survivorship, self.settings.threads),
            differ=difference,
            unlike_links=unlike_links,
            refresh_reviews=lambda: refresh_reviews(self.review_room),
            spread=self.workshop_columns,
            refresh=self.batch_engine.refresh,
            freeze=lambda model: StoredModel(model.version, model_to_json(model).decode()),
            thaw=lambda stored: model_from_json(stored.body, self.match_rules),
            index=self.index,
            refusals_left=self.consents.refusals_left,
            clock=SystemClock(),
            new_id=new_id,
            remember=lambda: self.memory.recall(self._desk()),
        )

    @cached_property
    def runs(self) -> RunLog:
        """The history of re-matches."""
        return self.store.runs(SystemClock())

    @cached_property
    def deliveries(self) -> Deliveries:
        """The log, who is told of it, and how far."""
        return self.store.deliveries(SystemClock())

    def office(self) -> Office:
        """Return what everybody is told with, as this process."""
        from identity.delivery.office import Office  # Redis and TLS: only who delivers waits for them.

        told, holder = self.settings.delivery, f"{socket.gethostname()}:{os.getpid()}"
        how = (told.secrets, told.redis_url, told.source, told.private, told.patience)
        return Office(self.deliveries, SystemClock(), holder, *how)

    @cached_property
    def night(self) -> Night:
        """What re-matches work with."""
        limits = load_rematch_limits(self.settings.rules / "customer.rematch.yml")
        desk = self.desk if self._index_stands() else self._desk()
        return Night(self.workshop, desk, self.runs, limits, SystemClock(), new_id)

    def stored_model(self, version: str) -> MatchModel:
        """Return a model that the database knows. LookupFailed E506 for another version."""
        with self.store.begin(SystemClock()) as work:
            stored = work.model(version)
        if stored is None:
            raise LookupFailed(
                "E506", f"No model is known as {version}.", "`identity model list` shows them."
            )
        return model_from_json(stored.body, self.match_rules)

    @cached_property
    def secret(self) -> str:
        return self.settings.index_secret or self.store.put_setting("index_secret", secrets.token_hex(32))

    @cached_property
    def index(self) -> Index:
        """How records are filed to be found in real time: by these rules, under digests keyed with this secret."""
        return index_for(self.match_rules, self.nicknames, self.features, self.secret)

    def ingest(self, arrivals: Sequence[Arrival], correlation_id: str | None = None) -> list[Ingested]:
        """Store and resolve records as they are written; see `flows/ingest.py`."""
        return counted(ingest(self.desk, arrivals, correlation_id), self.sources)

    def redo(self, most: int | None = None) -> int:
        """Decide again what is queued; return how many items were."""
        return drain(self.desk, most)

    def lookup(self, questions: Sequence[Question]) -> list[Answer]:
        """Return which golden ids answer for ids and identifiers; see `flows/lookup.py`."""
        with self._checked_look() as look:
            return lookup(look, self.desk, questions)

    def match(self, record: SourceRecord, most: int = 10) -> list[Alike]:
        """Return the stored records that a record is like, and why. Nothing is written."""
        with self._checked_look() as look:
            return match(look, self.desk, self.comparators, record, most)

    def why(self, one: Side, other: Side) -> Why:
        """Return what holds two records or profiles together; see `flows/explain/why.py`."""
        with self._checked_look(steady=True) as look:
            return why(look, self.desk, self.comparators, one, other)

    def why_not(self, one: Side, other: Side) -> WhyNot:
        """Return what keeps two records or profiles apart; see `flows/explain/why_not.py`."""
        with self._checked_look(steady=True) as look:
            return why_not(look, self.desk, self.comparators, one, other)

    def how(self, golden_id: GoldenId) -> How:
        """Return how a profile came to be; see `flows/explain/how.py`."""
        with self._checked_look(steady=True) as look:
            return how(look, self.desk, golden_id)

    def near(self, ask: Callable[[Service], _T], sure: Callable[[_T], bool] = lambda _: True) -> _T:
        """Return what `ask` finds where look-ups are answered: in the read replica while it keeps up, and here what it
        is not `sure` of. What must see its caller's own write is asked here."""
        return self.replica.answered(ask, sure) if self.settings.replica_url else ask(self)

    @cached_property
    def replica(self) -> Replica[Service]:
        """The read replica, watched from now on. All but the store is shared: what is written is written here."""
        _ = self.desk  # which may write, here
        told, near = self.settings, copy(self)
        kept = (min(told.patience, told.replica_lag, PATIENT), self.features, told.connections)
        vars(near)["store"] = Store(told.replica_url, *kept, field_keys=told.field_keys)
        for ours in ("consents", "_checked_until"):  # which would ask our store, or tell of it
            vars(near).pop(ours, None)
        # Of several threads that come here at once, all get the one that the first has made.
        made = Replica(self, near, (self.store, near.store), told.replica_lag)
        found: Replica[Service] = vars(self).setdefault("replica", made)
        found.watch()
        return found

    @cached_property
    def decisions(self) -> Decisions:
        """What people decide about profiles, taken or only shown; see `flows/judge`."""
        return Decisions(self.desk)

    @contextmanager
    def _checked_look(self, *, steady: bool = False) -> Iterator[Look]:
        """Look at an index that was built for these rules; that it was is asked once a second."""
        desk = self.desk  # made before: it may write
        with self.store.look(steady=steady) as look:
            if time.monotonic() > self._checked_until[0]:
                refuse_another_index(look, desk)
                self._checked_until[0] = time.monotonic() + 1
            yield look

    def _index_stands(self) -> bool:
        with self.store.look() as look:
            return look.index_version() == self.index.version

    @cached_property
    def _checked_until(self) -> list[float]:
        return [float("-inf")]

    @property
    def desk(self) -> Desk:
        """What the flows of real time work with, at a database that knows what the journals tell."""
        return self._opened[0]

    def remember(self) -> Remembered:
        """Have the database know what the journals tell, and return what it did not know. Where they tell nothing, an
        empty database is left without a model: a load trains one."""
        return self._opened[1] if self.memory.tells() else Remembered()

    @cached_property
    def _opened(self) -> tuple[Desk, Remembered]:
        """A database without a model gets the one that is shipped."""
        with self.store.look() as look:
            version = look.model_version()
        if version is None:
            self.begin_with(load_model(self.settings.rules / STARTER, self.match_rules))
        desk = self._desk()
        return desk, self.memory.recall(desk)

    @cached_property
    def memory(self) -> Memory:
        """What outlives the database; see `identity/remembering.py`."""
        return Memory.of(self.settings, self.database_id)

    @cached_property
    def anchors(self) -> AuditAnchors:
        """Heads of the audit trail, kept outside the database."""
        return AuditAnchors(self.settings.anchors, lambda: self.database_id)

    @cached_property
    def database_id(self) -> str:
        return self.store.put_setting("database_id", new_id())

    def _desk(self) -> Desk:
        return Desk(
            transactions=self.store,
            rules=self.match_rules,
            cabinet=self.index.cabinet,
            survivorship=self.survivorship,
            index_version=self.index.version,
            scorer=self.scorers.active,
            clock=SystemClock(),
            new_id=new_id,
            pause=lambda tried: time.sleep(random.uniform(0, min(0.01 * 2**tried, 0.5))),
            consent=self.consents.policy,
            systems=lambda: followed_systems(self.settings),
            write_down=lambda facts: self.memory.consents.append(facts),
            note=lambda noted: self.memory.requests.append([noted]),
        )

    @cached_property
    def review_room(self) -> ReviewRoom:
        """What everybody's review tasks are refreshed with."""
        thresholds, scorer = self.match_rules.thresholds, self.scorers.of
        survey = Survey(thresholds, self.settings.threads, self.settings.memory)
        return ReviewRoom(self.store, thresholds, self.features, survey, scorer, SystemClock(), new_id)

    @cached_property
    def sampling_room(self) -> SamplingRoom:
        """What pairs are drawn for labels with, and how right the links are is estimated with."""
        told, key = self.settings, str(self.index.cabinet.digest("sample"))
        sampler = Sampler(self.match_rules.thresholds, key, told.threads, told.memory)
        return SamplingRoom(self.store, sampler, SystemClock(), new_id)

    def begin_with(self, model: MatchModel) -> None:
        """Put a model in force, and say of an empty database that its index is as it should be."""
        index_version = self.index.version
        with self.store.begin(SystemClock()) as work:
            if work.active_model() is None:
                work.put_model(StoredModel(model.version, model_to_json(model).decode()), work.at)
            if work.index_version() is None and work.count_changes() == 0:
                work.close_index(index_version)

    @cached_property
    def scorers(self) -> Scorers:
        return Scorers(lambda stored: model_from_json(stored.body, self.match_rules), self.comparators)

    @cached_property
    def reading(self) -> Reading:
        """How files are read."""
        policy = partial(load_source_policy, self.settings.rules)
        return Reading(policy, self.sources, self.match_rules.custom, SystemClock())

    def read(
        self, file: Path, source: str | None, keep: Sequence[str] = (), *, canonical: bool = False
    ) -> Intake:
        """Return a file's rows; see `connectors/reading.py`."""
        return self.reading.read(file, source, keep, canonical=canonical)

    def workshop_columns(self, records: pa.Table) -> pa.Table:
        """Return the columns that matching and survivorship read."""
        return spread(records, self.match_rules.custom)

    def live_records(self) -> pa.Table:
        """Return the live records of the database."""
        with self.store.begin(SystemClock()) as work:
            return work.live_records()

    def active_model(self) -> MatchModel:
        """Return the model that judged the stored links. LookupFailed E503 when nothing was resolved yet."""
        with self.store.look() as look:
            return self.scorers.active(look).model

    def model_file(self, path: Path) -> MatchModel:
        return load_model(path, self.match_rules)
