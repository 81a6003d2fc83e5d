"""What a unit of work around a few records knows of those who were erased, and how it forgets somebody."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from identity.model.cluster import GoldenId
from identity.model.privacy import Erasure, PrivacyRequest
from identity.model.record import RecordKey

__all__ = ["PrivacyReads", "PrivacyWork", "Traces"]


@dataclass(frozen=True, slots=True)
class Traces:
    """What there is of a person: the golden id with those that lead to it, the records under it, and records that were
    under one of them once and are nobody's now."""

    golden_ids: tuple[GoldenId, ...]
    records: tuple[RecordKey, ...]
    former: tuple[RecordKey, ...]


class PrivacyReads(Protocol):
    def erasures(self) -> frozenset[str]:
        """Return the ids of the erasures that marks are kept of, or requests."""
        ...

    def every_key(self) -> list[RecordKey]:
        """Return the key of every record that is stored, deleted and shadow ones too."""
        ...

    def requests(self, request_ids: Collection[str]) -> dict[str, PrivacyRequest]:
        """Return those of these requests that were ever made, without their receipts."""
        ...


class PrivacyWork(PrivacyReads, Protocol):
    def suppresses(self) -> bool:
        """Say whether anybody was ever erased."""
        ...

    def suppressed(self, marks: Collection[int]) -> frozenset[int]:
        """Return those of these marks that somebody who was erased has left."""
        ...

    def traces(self, golden_id: GoldenId) -> Traces: ...

    def erase(self, erasure: Erasure, keys: Collection[RecordKey], members: Collection[str] = ()) -> None:
        """Remove everything that is stored of these records and under these golden ids: rows, history, links, verdicts,
        labels, tasks, what was quarantined or answered of them. Events and operations are kept without what they told
        of a source. The profiles themselves, their status and the event that tells it are not touched. `members` are
        their numbers at the loyalty platform; what it has merged of them with somebody else's is known until it was
        told."""
        ...

    def forget_texts(self, texts: Collection[str]) -> None:
        """Remove quarantined rows that hold one of these texts, in whatever case."""
        ...

    def followers(self) -> frozenset[str]:
        """Return the names of the consumers that have ever followed the log here."""
        ...

    def put_errands(self, erasure_id: str, accounts: Mapping[str, Sequence[str]]) -> None:
        """Tell consumers of an erasure, each with the accounts to forget; the names go when that is done."""
        ...

    def put_request(self, request: PrivacyRequest) -> None: ...
