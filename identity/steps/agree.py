"""agree: the records of one person, and what was said for them → what they agreed to, and what they did not.

What a record states is an act like any other, through the address or number that its channel reaches; where it has
none, through the record itself. Facts and statements so are one history for each identifier.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from identity.features.reach import contacts
from identity.model.consent import GRANTED, REFUSALS, Act, Effective, Identifier, effective
from identity.model.consent_fact import ConsentFact, FactOrigin
from identity.model.consent_policy import ConsentPolicy
from identity.model.record import RecordKey, SourceRecord

__all__ = ["Book", "agree"]

Facts = Sequence[ConsentFact]


@dataclass(frozen=True, slots=True)
class Book:
    """What was said, by the records and identifiers that it was said for, as it is read at a moment.

    `live` are those of the records named in facts that their sources still tell.
    """

    policy: ConsentPolicy
    now: datetime
    by_record: Mapping[RecordKey, Facts] = field(default_factory=lambda: MappingProxyType({}))
    by_identifier: Mapping[Identifier, Facts] = field(default_factory=lambda: MappingProxyType({}))
    live: Collection[RecordKey] = frozenset()

    @classmethod
    def of(
        cls, policy: ConsentPolicy, now: datetime, facts: Iterable[ConsentFact], live: Collection[RecordKey]
    ) -> Book:
        """Return facts as they are looked up."""
        by_record: dict[RecordKey, list[ConsentFact]] = {}
        by_identifier: dict[Identifier, list[ConsentFact]] = {}
        for fact in facts:
            for key in fact.records:
                by_record.setdefault(key, []).append(fact)
            if fact.identifier:
                by_identifier.setdefault(fact.identifier, []).append(fact)
        return cls(policy, now, by_record, by_identifier, live)

    def facts(self) -> list[ConsentFact]:
        """Return every fact in it, each once, in the order of their ids."""
        found = {
            fact.fact_id: fact
            for some in (*self.by_record.values(), *self.by_identifier.values())
            for fact in some
        }
        return [found[fact_id] for fact_id in sorted(found)]


def agree(records: Sequence[SourceRecord], book: Book) -> dict[str, Effective]:
    """Return what holds for the person whose records these are, whatever order records and facts come in."""
    members = {record.key for record in records}
    acts = [act for record in records for act in _acts(record, members, book)]
    return effective(acts, book.now, book.policy.skew)


def _acts(record: SourceRecord, members: Collection[RecordKey], book: Book) -> Iterator[Act]:
    ours = contacts(record) if record.consents or book.by_record or book.by_identifier else {}

    def through(consent: str) -> Identifier:
        kind = book.policy.kind(consent)
        return (kind, ours[kind]) if kind in ours else ("record", str(record.key))

    for consent, status in record.consents.items():
        yield Act(consent, through(consent), status, _said_at(record, consent, status, book.now))
    for fact in book.by_record.get(record.key, ()):
        if _counts(fact, record, members, book):
            yield Act(fact.consent, through(fact.consent), fact.status, fact.captured_at, fact.expires_at)
    for identifier in ours.items():
        for fact in book.by_identifier.get(identifier, ()):
            # What a record said through it is that record's own affair while its source tells it.
            if not any(key in book.live for key in fact.records):
                yield Act(fact.consent, identifier, fact.status, fact.captured_at, fact.expires_at)


def _said_at(record: SourceRecord, consent: str, status: str, now: datetime) -> datetime | None:
    """Return when a statement was made. Only when it was captured proves a yes; a no holds from when it was seen."""
    captured = record.captured.get(consent)
    if status == GRANTED:
        return captured if captured and captured <= now else None
    known = captured or record.observed_at
    return min(known, now) if known else None


def _counts(fact: ConsentFact, record: SourceRecord, members: Collection[RecordKey], book: Book) -> bool:
    """Say whether a fact about a record counts for the person with these records."""
    if fact.origin is FactOrigin.KEPT:
        return fact.status in REFUSALS and not _taken_back(fact, record, book.now)
    return fact.status in REFUSALS or all(key in members or key not in book.live for key in fact.records)


def _taken_back(fact: ConsentFact, record: SourceRecord, now: datetime) -> bool:
    """Say whether a record, which once said no, says yes by now: its own later word is its source's to give."""
    if record.consents.get(fact.consent) != GRANTED:
        return False
    captured = record.captured.get(fact.consent)
    said = captured if captured and captured <= now else record.observed_at
    return fact.captured_at is None or (said is not None and said > fact.captured_at)
