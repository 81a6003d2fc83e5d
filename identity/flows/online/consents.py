"""What the people concerned agreed to, as it is now, and what of that is another answer than before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import orjson

from identity.features.reach import contacts
from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.consent import GRANTED, UNKNOWN, Effective, dated
from identity.model.consent_fact import ConsentFact, FactOrigin
from identity.model.record import RecordKey, SourceRecord
from identity.ports import Arrival, Look, OnlineWork, Redo, RedoKind, StoredRecord
from identity.steps.agree import Book, agree

__all__ = ["agreed", "book_about", "dated_now", "decide_the_others_again", "differing"]


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


def decide_the_others_again(work: OnlineWork, turned: Collection[RecordKey]) -> None:
    """Queue whoever shares a yes with records that came or went: it counts where all that are left are one person."""
    shared = [fact for fact in work.facts(turned) if _shared_yes(fact)] if turned and work.facts_known else []
    others = {key for fact in shared for key in fact.records} - set(turned)
    if others:
        found = work.stored(others).values()
        work.put_redo([Redo(RedoKind.RECORD, stored.number, "consent") for stored in found if stored.live])


def _shared_yes(fact: ConsentFact) -> bool:
    return fact.origin is FactOrigin.TOLD and fact.status == GRANTED and len(fact.records) > 1
