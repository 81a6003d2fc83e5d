"""What units of work and looks know of consents."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from identity.model.cluster import GoldenId
from identity.model.consent import Identifier
from identity.model.consent_fact import ConsentFact
from identity.model.record import RecordKey

__all__ = ["ConsentReads", "ConsentWork", "Flags"]


@dataclass(frozen=True, slots=True)
class Flags:
    """What is stored of a profile that says whether its person may be reached: statuses by consent, and where they
    live, spelled as their record does."""

    version: int
    status: str
    consents: Mapping[str, str]
    country: str
    region: str


class ConsentReads(Protocol):
    """What was said of consents. Facts are added, and never changed, but for the spelling of whom they are for."""

    @property
    def facts_known(self) -> bool:
        """Say whether there was any fact at all when records were last asked for."""
        ...

    def facts(
        self, keys: Collection[RecordKey], identifiers: Collection[Identifier] = ()
    ) -> list[ConsentFact]:
        """Return every fact about these records or for these identifiers, each once."""
        ...

    def lapsed(self, after: datetime, until: datetime, most: int) -> list[ConsentFact]:
        """Return up to `most` facts that expire after a moment and not after another one, the earliest first."""
        ...

    def lapses_seen(self) -> datetime | None:
        """Return the moment until which profiles are as the expiry of facts has left them."""
        ...

    def known_facts(self, fact_ids: Collection[str]) -> frozenset[str]:
        """Return which of these facts are stored."""
        ...

    def journaled(self) -> str:
        """Return how far the journal of consents is known to be stored; "": nobody has looked yet."""
        ...

    def flags(self, golden_ids: Collection[GoldenId], *, places: bool = False) -> dict[GoldenId, Flags]:
        """Return what is stored of each of these profiles, and with `places` where they live."""
        ...


class ConsentWork(ConsentReads, Protocol):
    def put_facts(self, facts: Collection[ConsentFact]) -> None:
        """Store facts; one that is known stays as it is."""
        ...

    def respell_facts(
        self, spelled: Mapping[Identifier, str], keys: Mapping[RecordKey, RecordKey] = MappingProxyType({})
    ) -> None:
        """Have every fact for one of these identifiers be for another value of its kind, without its evidence, and
        every fact about the record of one of these keys about another one."""
        ...

    def put_journaled(self, position: str) -> None:
        """Say how far the journal of consents is stored."""
        ...

    def put_lapses_seen(self, until: datetime) -> None: ...

    def answering(self, golden_ids: Collection[GoldenId]) -> dict[GoldenId, tuple[GoldenId, str]]:
        """Return who answers for each of these ids that was ever issued, after at most one redirect, and its status."""
        ...
