"""What is done with messages that systems send: a record, a deletion, or a wish that the law has them pass on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from identity.bootstrap import Service, SystemClock
from identity.connectors.arrivals import arrivals, quarantined
from identity.connectors.files import read_message
from identity.connectors.intake import Intake
from identity.connectors.one_by_one import ERASED, as_told, one_by_one, refused_rows
from identity.flows.ingest import Ingested
from identity.flows.intake import take
from identity.ids import new_id
from identity.model.intake import PrivacyWish, WishKind
from identity.model.record import RecordKey, SourceRecord
from identity.ports import Arrival, Load, LoadCounts

__all__ = ["Message", "as_of", "take_deletion", "take_record", "take_wish"]

_TIME_TO_ACT = timedelta(days=30)

Moment = Callable[[datetime | None], datetime | None]
"""From the moment that a record itself tells, by its source's rules, to the one it counts by."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a system sends, signed: `told` is the record in its own words, numbers as text."""

    source: str
    message_id: str
    told: Mapping[str, object]
    correlation_id: str | None = None


def take_record(service: Service, message: Message, moment: Moment) -> dict[str, Any]:
    """Store and resolve a record; one that cannot be taken is quarantined, and the message is done with."""
    return _took(service, message, message.told, lambda arrival: as_of(arrival, moment))


def take_deletion(service: Service, message: Message, at: datetime) -> dict[str, Any]:
    """Take a record back, told or not: what was told before `at` comes too late from now on."""
    # Only the id is read: a birthday that does not exist keeps nobody from being deleted.
    path = service.sources[message.source].record_id
    told = {name: message.told.get(name) for name in (path, path.partition(".")[0])}
    return _took(service, message, told, lambda arrival: _gone(arrival, at))


def take_wish(
    service: Service, message: Message, kind: WishKind, record_id: str | None = None
) -> dict[str, Any]:
    """Keep that somebody wants something done about a record, or everything of a source, within thirty days."""
    now = SystemClock().now()
    key = None if record_id is None else RecordKey(message.source, record_id)
    wish = PrivacyWish(message.source, message.message_id, kind, now, now + _TIME_TO_ACT, key)
    service.store.intake.wish(wish)
    return {"outcome": "noted", "code": None}


def as_of(arrival: Arrival, moment: Moment) -> Arrival:
    """Return the arrival as of its moment. The same content at a later moment is news: what came between is not."""
    at = moment(arrival.record.observed_at)
    if at == arrival.record.observed_at:
        return arrival
    told = f"{arrival.content_hash}@{at.isoformat() if at else ''}".encode()
    digest = hashlib.blake2b(told, digest_size=16).hexdigest()
    return replace(arrival, record=replace(arrival.record, observed_at=at), content_hash=digest)


def _gone(arrival: Arrival, at: datetime) -> Arrival:
    return Arrival(SourceRecord(arrival.record.key, {}, at), "", arrival.mode, arrival.load_id, deleted=True)


def _took(
    service: Service,
    message: Message,
    told: Mapping[str, object],
    becomes: Callable[[Arrival], Arrival],
) -> dict[str, Any]:
    policy, now = service.sources[message.source], SystemClock().now()
    load = _load(message, now)
    intake = read_message(told, policy, load.file)
    rows = arrivals(intake, policy.mode, load.load_id, now, service.match_rules.custom)
    came = [becomes(row) for row in one_by_one(rows)]
    done = take(service.desk, service.store.intake, came, message.correlation_id)
    code = _set_aside(service, load, intake, done, {each.record.key: as_told(each) for each in came})
    outcome = "quarantined" if code else done[0].outcome.value
    return {"outcome": outcome, "code": code}


def _load(message: Message, now: datetime) -> Load:
    name = f"intake/{message.source}/{message.message_id}"
    return Load(new_id(), name, hashlib.sha256(name.encode()).hexdigest(), message.source, now)


def _set_aside(
    service: Service, load: Load, intake: Intake, done: list[Ingested], told: Mapping[RecordKey, str]
) -> str | None:
    """Quarantine what was not taken, and keep what was odd about the rest; return why it was not taken."""
    refused = [(each.key, each.problem) for each in done if each.problem]
    if not intake.issues and not refused:
        return None
    with service.store.begin(SystemClock()) as work:
        work.start_load(load)
        if not any(problem.code == ERASED for _, problem in refused):  # of whom nothing is kept, odd or not
            work.put_quarantine(quarantined(intake.issues, load.load_id, work.at))
        work.put_quarantine(refused_rows(load, refused, work.at, told))
        taken = intake.accepted - len(refused)
        counts = LoadCounts(intake.rows, taken, intake.quarantined + len(refused), intake.rejected)
        work.finish_load(load.load_id, counts, work.at)
    if refused:
        return refused[0][1].code
    return None if done else intake.issues[0].code
