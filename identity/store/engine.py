"""The store: one address in, everything a flow or an edge needs of a database out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from identity.model.audit import AuditHead
from identity.model.errors import StoreError
from identity.model.record import RecordKey
from identity.model.vocabulary import FEATURES
from identity.ports import Clock
from identity.steps.seal import derived_key
from identity.store import refusals, upgrade
from identity.store.audit import Appending, AuditTrail, Sealing
from identity.store.bulk import BulkWork
from identity.store.consumers import Consumers
from identity.store.deliveries import Deliveries
from identity.store.desks import Desks
from identity.store.dialect import CONNECTIONS, DEFAULT_URL, LogPosition, database_at
from identity.store.duties import Duties
from identity.store.erp_book import ErpBook
from identity.store.exports import Exports
from identity.store.fields import Fields, missing
from identity.store.figures import Figures
from identity.store.intake import Intake
from identity.store.invariants import Found, verify
from identity.store.jobs import Jobs
from identity.store.loyalty_book import LoyaltyBook
from identity.store.online import Look, OnlineWork
from identity.store.online.statements import FORGET_SETTING, PUT_SETTING, SETTING
from identity.store.privacy import PrivacyLog
from identity.store.quality_views import Quality
from identity.store.quarantine import Quarantine
from identity.store.reconciliations import Reconciliations
from identity.store.requests import Requests
from identity.store.retention import beyond
from identity.store.rotation import Rotated, rotate
from identity.store.runs import Runs
from identity.store.searches import Searches
from identity.store.stewards import Stewards
from identity.store.views import Views

__all__ = ["CONNECTIONS", "DEFAULT_URL", "Store", "check_current", "head_revision", "migrate"]

head_revision = upgrade.head_revision
_PROOF, _PROVEN = "field key ", "setting.field key"
"""What is kept of each key that values are encrypted with: its name, encrypted with it."""


class Store:
    """A database of customer identities.

    Opening it connects to nothing yet, but a URL that cannot work raises StoreError E401 or E402 at once.
    A writer waits up to `patience` seconds for another one before it raises E405. `features` names what records
    are filed by, custom attributes last; the order is part of what is stored. The audit trail is sealed with
    `audit_key`, or with one made of a secret that is kept in the database; `on_audited` hears of its head after each
    commit.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        patience: float = 30.0,
        features: Sequence[str] = FEATURES,
        connections: int = CONNECTIONS,
        audit_key: bytes | None = None,
        on_audited: Callable[[AuditHead], None] = lambda _: None,
        field_keys: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        self._database = database_at(url, patience, connections)
        self._audit_key = audit_key
        self._on_audited = on_audited
        self._features = tuple(features)
        self._fields = Fields.of(field_keys)
        self.views = Views(self._database, self._fields)
        self.searches = Searches(self._database)
        self.erp_book = ErpBook(self._database, self._fields)
        self.intake = Intake(self._database)
        self.loyalty_book = LoyaltyBook(self._database)
        self.exports = Exports(self._database, self._fields)
        self.privacy = PrivacyLog(self._database, lambda: self._sealing, self._fields)
        self.quality = Quality(self._database)
        self.figures = Figures(self._database)

    def migrate(self) -> None:
        """Create the tables, or bring them to this version of the program; current ones are left alone."""
        upgrade.migrate(self._database)

    def partition(self, into: int) -> dict[str, int]:
        """Have the tables that grow with people in so many partitions, 1: in none; return the rows that were moved, by
        table. StoreError E434 where tables have no partitions."""
        return self._database.partition(into)

    def check_current(self) -> None:
        """Raise StoreError E403 when the database is behind this program, E404 when it is ahead."""
        upgrade.check_current(self._database)

    def check_keys(self) -> None:
        """Raise StoreError E422 where values are encrypted with a key that is not given, E423 where another one is
        given under its name. From then on values may be encrypted with the current key."""
        try:
            for name, proof in self.views.settings(_PROOF).items():
                if name not in self._fields.keys:
                    raise missing(name)
                self._fields.read(_PROVEN, proof)
        except StoreError:
            self.close()
            raise
        if self._fields.current:
            self.put_setting(
                _PROOF + self._fields.current, self._fields.spelled(_PROVEN, self._fields.current)
            )

    def rotate(self) -> Iterator[Rotated]:
        """Encrypt everything with the current key, and say how far that is; see `store/rotation.py`. When it is done,
        keys that are needed no more may be taken away."""
        yield from rotate(self._database, self._fields)
        for name in self.views.settings(_PROOF):
            if name != self._fields.current:
                self._forget_setting(_PROOF + name)
        self.scrub()

    def _forget_setting(self, name: str) -> None:
        with self._database.write() as connection:
            connection.execute(FORGET_SETTING.of(name=name))

    def begin(self, clock: Clock) -> BulkWork:
        """Return a unit of work for a `with` block: commits at its end, leaves nothing when it raises."""
        return BulkWork(self._database, clock, self._fields)

    def look(self, *, steady: bool = False) -> Look:
        """Return a read-only look at a few records, for a `with` block. A `steady` one sees one moment throughout."""
        return Look(self._database, self._features, self._fields, steady=steady)

    def online(self, clock: Clock) -> OnlineWork:
        """Return a unit of work around a few records, for a `with` block as `begin` does."""
        return OnlineWork(self._database, clock, self._features, self._sealing, self._fields)

    def runs(self, clock: Clock) -> Runs:
        """Return the history of re-matches."""
        return Runs(self._database, clock, self._sealing)

    def audit(self, clock: Clock) -> AuditTrail:
        """Return the trail of who saw or decided what."""
        return AuditTrail(self._database, clock, self._appending)

    @cached_property
    def _appending(self) -> Appending:
        return Appending(self._database, self._sealing)

    @cached_property
    def _sealing(self) -> Sealing:
        key = self._audit_key or derived_key(self.put_setting("index_secret", secrets.token_hex(32)), "audit")
        return Sealing(key, self._on_audited)

    def requests(self, clock: Clock) -> Requests:
        """Return the requests that clients gave a key."""
        return Requests(self._database, clock)

    def jobs(self, clock: Clock) -> Jobs:
        """Return the queue of long work."""
        return Jobs(self._database, clock)

    def deliveries(self, clock: Clock) -> Deliveries:
        """Return the log as those who deliver it see it, and how far they came."""
        return Deliveries(self._database, clock)

    def consumers(self, clock: Clock) -> Consumers:
        """Return those who follow the log, and how far they came."""
        return Consumers(self._database, clock)

    def duties(self, clock: Clock) -> Duties:
        """Return what is done again and again, and how it went."""
        return Duties(self._database, clock)

    def stewards(self, clock: Clock) -> Stewards:
        """Return who may use the review screen."""
        return Stewards(self._database, clock)

    def desks(self, clock: Clock) -> Desks:
        """Return who is at which review task."""
        return Desks(self._database, clock)

    def quarantine(self, clock: Clock) -> Quarantine:
        """Return the rows that were set aside."""
        return Quarantine(self._database, clock, self._fields)

    def reconciliations(self, clock: Clock) -> Reconciliations:
        """Return what the last comparison with each other system found."""
        return Reconciliations(self._database, clock)

    def put_setting(self, name: str, value: str) -> str:
        """Store a setting unless there is one of this name; return the one that is stored.

        Of several who try at once all are told the same.
        """
        if (known := self.views.setting(name)) is not None:
            return known
        with self._database.write() as connection:
            connection.execute(PUT_SETTING.of(name=name, value=value))
            ((stored,),) = connection.ask(SETTING.of(name=name))()
        return str(stored)

    def beyond(self, source: str, moment: datetime) -> Iterator[tuple[RecordKey, str]]:
        """Yield the records of a source that nobody told of since a moment, with their mode."""
        return beyond(self._database, source, moment)

    def verify(
        self, erased: Collection[str], most: int = 20, reached: Callable[[str], None] = lambda _: None
    ) -> list[Found]:
        """Return how this database stands to each promise; see `store/invariants`. Nothing is written."""
        return verify(self._database, erased, most, reached)

    def revision(self) -> str | None:
        """Return the revision of the tables; None where there are none."""
        return upgrade.revision(self._database)

    def dump(self, file: Path) -> None:
        """Write one committed state into a file that is not there yet. StoreError E430 or E433 where that fails."""
        self._database.dump(file)

    def restore(self, file: Path, revision: str, *, replace: bool) -> None:
        """Put what `dump` wrote, at this revision, in the place of all that is stored; it is not migrated by that.

        StoreError E404 where it is of a later version, E431 where somebody else has the database open, or where it
        holds tables already and is not to be replaced.
        """
        upgrade.refuse_unknown(revision)
        if not replace and self.revision() is not None:
            raise refusals.not_empty()
        self._database.restore(file)

    def log_position(self) -> LogPosition | None:
        """Return how far the log of the server has got; None for a database that is no server's."""
        return self._database.log_position()

    def sever(self) -> None:
        """Cut every connection to a server that says nothing: whoever waits for it is told so, by a StoreError."""
        self._database.sever()

    def scrub(self) -> None:
        """Have the database let go of what was deleted, as far as it does so on demand."""
        self._database.scrub()

    def close(self) -> None:
        """Let go of every connection; the store opens new ones when it is used again."""
        self._database.close()


def migrate(url: str = DEFAULT_URL) -> None:
    store = Store(url)
    try:
        store.migrate()
    finally:
        store.close()


def check_current(url: str = DEFAULT_URL) -> None:
    store = Store(url)
    try:
        store.check_current()
    finally:
        store.close()
