"""How consent is wired together: a part of the composition root, in a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count, takewhile

import pyarrow as pa

from identity.clock import SystemClock
from identity.engines.agreeing import refusals_left
from identity.engines.overruling import overruled
from identity.engines.survivorship import survive_population
from identity.features.tokens import seal, unseal
from identity.flows.consent import (
    Agreement,
    Asker,
    Checked,
    Said,
    Teller,
    Told,
    agreement,
    as_it_holds,
    by_now,
    check,
    lapse,
    mint,
    tell,
    unsubscribe,
)
from identity.flows.consent.unsubscribe import Seal
from identity.flows.lookup import Question
from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.consent_fact import ConsentFact
from identity.model.consent_policy import ConsentPolicy
from identity.model.golden import GoldenProfile
from identity.model.override import Override
from identity.model.policy import SurvivorshipPolicy
from identity.ports import Survivor
from identity.steps.agree import Book
from identity.steps.refuse import storable
from identity.store import Store
from identity.workbench import workbench

__all__ = ["Consents", "survivor_of"]


@dataclass(frozen=True)
class Consents:
    """What people allow. The rest is made when it is first needed."""

    policy: ConsentPolicy
    store: Callable[[], Store]
    desk: Callable[[], Desk]
    secret: Callable[[], str]

    def tell(self, said: Sequence[Said], teller: Teller) -> list[Told]:
        """Keep what was said as facts; see `flows/consent/tell.py`."""
        return tell(self.desk(), said, teller)

    def check(self, questions: Sequence[Question], asker: Asker) -> list[Checked]:
        """Say who may be reached; see `flows/consent/ask.py`."""
        desk = self.desk()
        with self.store().look() as look:
            return check(look, desk, questions, asker)

    def by_now(self, profile: GoldenProfile) -> GoldenProfile:
        """Return a profile with its consents as they are by now; see `flows/consent/ask.py`."""
        desk = self.desk()
        with self.store().look() as look:
            consents = by_now(look, desk, profile.golden_id, profile.consents)
        return replace(profile, consents=consents) if consents != profile.consents else profile

    def agreement(self, golden_id: GoldenId) -> Agreement | None:
        """Return what a person agreed to, and why; see `flows/consent/ask.py`."""
        desk = self.desk()
        with self.store().look(steady=True) as look:
            return agreement(look, desk, golden_id)

    def told(self, fact_id: str) -> Told | None:
        """Return a fact, and what holds now for the people whom it is about."""
        desk = self.desk()
        with self.store().look() as look:
            fact = look.fact(fact_id) if storable(fact_id) else None
            return as_it_holds(look, desk, fact) if fact else None

    def told_in(self, operation_id: str) -> list[Told]:
        """Return the facts that were told in an operation, in order."""
        found = (self.told(f"{operation_id}.{number}") for number in count(1))
        return list(takewhile(bool, found))  # type: ignore[arg-type]

    def lapse(self) -> int:
        """Let profiles go by what has run out."""
        return lapse(self.desk())

    def mint(self, golden_ids: Sequence[GoldenId], purpose: str, channel: str) -> list[str]:
        """Return tokens to unsubscribe with; see `flows/consent/unsubscribe.py`."""
        return mint(self.desk(), self._seal, golden_ids, purpose, channel)

    def unsubscribe(self, token: str, teller: Teller) -> Told | None:
        return unsubscribe(self.desk(), self._seal, token, teller)

    @property
    def _seal(self) -> Seal:
        secret = self.secret().encode()
        return Seal(lambda text: seal(secret, text), lambda text: unseal(secret, text))

    def book(self, facts: Sequence[ConsentFact]) -> Book:
        """Return facts as they are read now; which records are live is up to the reader."""
        return Book.of(self.policy, SystemClock().now(), facts, frozenset())

    def refusals_left(self, stored: pa.Table, arrivals: pa.Table, at: datetime) -> list[ConsentFact]:
        """Return what stored records refuse and those in their place do not; see `engines/agreeing.py`."""
        return refusals_left(stored, arrivals, self.policy, at)

    def survivor(self, policy: SurvivorshipPolicy, threads: int) -> Survivor:
        """Return what elects golden values by all that is stored: facts, and values that people gave."""
        return survivor_of(policy, threads, self.whole_book, self.overrides)

    def overrides(self) -> list[Override]:
        """Return every value that people gave in the place of what records say."""
        with self.store().look() as look:
            return look.every_override()

    def whole_book(self) -> Book:
        """Return every fact that is stored."""
        with self.store().look() as look:
            return self.book(look.every_fact())


def survivor_of(
    policy: SurvivorshipPolicy,
    threads: int,
    book: Callable[[], Book],
    overrides: Callable[[], Sequence[Override]] = tuple,
) -> Survivor:
    """Return what elects the golden values of a population, whose consents are as the book says; values that people
    gave hold in their place."""

    def elect(records: pa.Table, memberships: pa.Table, *, flat: bool = False) -> pa.Table:
        with workbench(threads) as connection:
            found = survive_population(connection, records, memberships, policy, flat=flat, book=book())
        return overruled(found, records, memberships, policy, overrides())

    return elect
