"""What the people concerned agreed to, as it is now, and what of that is another answer than before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import orjson

from identity.features.reach import contacts
from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.consent import GRANTED, UNKNOWN, Effective, Identifier, dated
from identity.model.consent_fact import ConsentFact, FactOrigin
from identity.model.record import RecordKey, SourceRecord
from identity.ports import Arrival, Look, OnlineWork, Redo, RedoKind, StoredRecord
from identity.steps.agree import Book, agree
from identity.steps.file import hold

__all__ = ["agreed", "book_about", "dated_now", "decide_the_others_again", "differing", "holders", "numbers"]


def agreed(
    work: OnlineWork,
    desk: Desk,
    clusters: Mapping[GoldenId, Sequence[RecordKey]],
    records: Mapping[RecordKey, StoredRecord],
    gone: Collection[RecordKey],
) -> dict[GoldenId, dict[str, Effective]]:
    """Return what holds for the people whose records these clusters are. `gone` are records that end in this unit."""
    told = {golden_id: [records[key].record for key in keys] for golden_id, keys in clusters.items()}
    book = Book(desk.consent, work.at)
    if work.facts_known:
        everybody = [record for some in told.values() for record in some]
        book = book_about(work, desk, everybody, work.at, gone)
    return {golden_id: agree(some, book) for golden_id, some in told.items()}


def book_about(
    look: Look | OnlineWork,
    desk: Desk,
    records: Sequence[SourceRecord],
    at: datetime,
    gone: Collection[RecordKey] = (),
) -> Book:
    """Return everything that was said of these records and for what they are reached by, to be read at a moment."""
    identifiers = {identifier for record in records for identifier in contacts(record).items()}
    keys = {record.key for record in records}
    facts = look.facts(keys, identifiers)
    others = {key for fact in facts for key in fact.records} - keys
    live = keys | (look.memberships(others).keys() - set(gone))
    return Book.of(desk.consent, at, facts, live)


def dated_now(arrival: Arrival, at: datetime) -> Arrival:
    """Return an arrival none of whose consents was captured later than it is told."""
    record = arrival.record
    if not any(captured > at for captured in record.captured.values()):
        return arrival
    known = {
        consent: dated(record.consents[consent], captured, at)
        for consent, captured in record.captured.items()
    }
    captured = {consent: moment for consent, moment in known.items() if moment}
    consents = {
        consent: {"status": status, **({"captured_at": captured[consent]} if consent in captured else {})}
        for consent, status in record.consents.items()
    }
    told = orjson.dumps(consents, option=orjson.OPT_UTC_Z).decode()
    return replace(arrival, record=replace(record, captured=captured), consents=told)


def differing(before: str, now: str) -> list[dict[str, str]]:
    """Return what of a profile's consents (JSON) has another status now, as events tell it."""
    were, are = orjson.loads(before), orjson.loads(now)
    changes = []
    for consent in sorted(were.keys() | are.keys()):
        status = are.get(consent, UNKNOWN)
        if status != were.get(consent, UNKNOWN):
            purpose, _, channel = consent.partition(".")
            changes.append({"purpose": purpose, "channel": channel, "status": status})
    return changes


def decide_the_others_again(work: OnlineWork, desk: Desk, turned: Collection[RecordKey]) -> None:
    """Queue whoever goes by whether some records, which came or went, are there: who shares a yes with them, which
    counts where all that are left are one person; and who holds what they refused, which outlives them."""
    facts = work.facts(turned) if turned and work.facts_known else []
    others = {key for fact in facts if _shared_yes(fact) for key in fact.records}
    others |= {key for some in holders(work, desk, facts).values() for key in some}
    if others := others - set(turned):
        found = work.stored(others).values()
        work.put_redo([Redo(RedoKind.RECORD, stored.number, "consent") for stored in found if stored.live])


def _shared_yes(fact: ConsentFact) -> bool:
    return fact.origin is FactOrigin.TOLD and fact.status == GRANTED and len(fact.records) > 1


def numbers(desk: Desk, identifiers: Collection[Identifier] | filter[Identifier]) -> dict[Identifier, int]:
    return {
        (kind, value): hold({kind: value}, desk.cabinet)[0][kind] for kind, value in sorted(set(identifiers))
    }


def holders(
    work: Look | OnlineWork, desk: Desk, facts: Sequence[ConsentFact]
) -> dict[str, tuple[RecordKey, ...]]:
    """Return the records that hold what facts are for, by the id of the fact."""
    numbered = numbers(desk, {fact.identifier for fact in facts if fact.identifier})
    held = work.holders(numbered.values())
    filed = work.filed({record for records in held.values() for record in records})
    return {
        fact.fact_id: tuple(
            filed[number].key for number in held.get(numbered[fact.identifier], ()) if number in filed
        )
        for fact in facts
        if fact.identifier
    }
