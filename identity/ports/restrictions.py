"""What units of work know of people who do not want to be used (GDPR, article 18)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from identity.model.cluster import GoldenId
from identity.model.record import RecordKey

__all__ = ["Restriction", "RestrictionReads", "RestrictionWork"]


@dataclass(frozen=True, slots=True)
class Restriction:
    """A record that may be kept and not used, by which request, and whose it was when that began."""

    key: RecordKey
    request_id: str
    golden_id: GoldenId
    since: datetime


class RestrictionReads(Protocol):
    def restricts(self) -> bool:
        """Say whether anybody is restricted."""
        ...

    def restrictions(
        self, keys: Collection[RecordKey] = (), golden_ids: Collection[GoldenId] = ()
    ) -> list[Restriction]:
        """Return the restrictions of these records, and of those that were under these golden ids."""
        ...

    def restrictions_of(self, request_ids: Collection[str]) -> list[Restriction]:
        """Return what these requests restrict yet."""
        ...

    def restricted_values(self, values: Collection[int]) -> frozenset[int]:
        """Return those of these identifier values by which somebody restricted could be reached."""
        ...

    def sharing_restricted(self, golden_ids: Collection[GoldenId], kind: str) -> frozenset[GoldenId]:
        """Return those of these profiles that have such a value of this kind themselves."""
        ...


class RestrictionWork(RestrictionReads, Protocol):
    def restrict(
        self, request_id: str, golden_id: GoldenId, marks: Mapping[RecordKey, Mapping[str, int]]
    ) -> None:
        """Mark records, each with its identifier values by kind. From here on no one of them is live."""
        ...

    def lift(self, request_id: str, freed: Collection[RecordKey]) -> None:
        """Forget what a request restricts; `freed` records, which no other request restricts, are as others again."""
        ...
