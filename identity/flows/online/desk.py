"""What the flows of real time work with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from identity.model.cluster import GoldenId
from identity.model.consent_fact import BlindFact
from identity.model.consent_policy import ConsentPolicy
from identity.model.following import FollowedSystem
from identity.model.match import MatchRules
from identity.model.policy import SurvivorshipPolicy
from identity.model.privacy import NotedRequest
from identity.model.record import RecordKey
from identity.ports import Clock, Look, OnlineTransactions, OnlineWork, Scorer
from identity.steps.file import Cabinet, signed

__all__ = ["Desk", "claims_on_profiles", "claims_on_records"]


@dataclass(frozen=True, slots=True)
class Desk:
    """Rules and tools, and where to find the rest. `index_version` is what an index has to be built with to be read
    by these rules. `pause` waits before the n-th new attempt. `systems` are told of erasures. `write_down` keeps what
    was said of consents outside the database, and `note` what was asked of privacy."""

    transactions: OnlineTransactions
    rules: MatchRules
    cabinet: Cabinet
    survivorship: SurvivorshipPolicy
    index_version: str
    scorer: Callable[[Look | OnlineWork], Scorer]
    clock: Clock
    new_id: Callable[[], str]
    pause: Callable[[int], None]
    consent: ConsentPolicy
    systems: Callable[[], Sequence[FollowedSystem]] = tuple
    write_down: Callable[[Sequence[BlindFact]], object] = lambda _: None
    note: Callable[[NotedRequest], object] = lambda _: None


def claims_on_records(desk: Desk, keys: Iterable[RecordKey]) -> list[int]:
    """Return the numbers to claim so that nobody else writes these records."""
    digest = desk.cabinet.digest
    return [signed(digest(f"record\x1f{key.source}\x1f{key.source_record_id}")) for key in keys]


def claims_on_profiles(desk: Desk, golden_ids: Iterable[GoldenId]) -> list[int]:
    """Return the numbers to claim so that nobody else changes these profiles."""
    return [signed(desk.cabinet.digest(f"profile\x1f{golden_id}")) for golden_id in golden_ids]
