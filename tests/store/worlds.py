"""Small Arrow tables for the store's tests, and a clock that stands still until told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from identity import ports
from identity.model.cluster import GoldenId
from identity.model.judgement import Judgement, Link
from identity.model.record import RecordKey, SourceRecord
from identity.ports import Arrival, Event, ProfileRow, StoredLink

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class StandingClock:
    moment: datetime = MONDAY

    def now(self) -> datetime:
        return self.moment

    def turn(self, hours: float) -> datetime:
        self.moment += timedelta(hours=hours)
        return self.moment


def rows(schema: pa.Schema, *given: dict[str, Any], **everywhere: Any) -> pa.Table:
    """Return a table of this schema: a row per dict, with `everywhere` filling what a row leaves out."""
    return pa.Table.from_pylist(
        [{**dict.fromkeys(schema.names), **everywhere, **row} for row in given], schema
    )


def records(*ids: str, source: str = "pos", **attributes: Any) -> pa.Table:
    usual = {"mode": "live", "content_hash": "h1", "loaded_at": MONDAY, "load_id": "load-1"}
    empty = {"consents": "{}", "custom": "{}"}
    given = ({"source_record_id": record} for record in ids)
    return rows(ports.RECORDS, *given, **{"source": source, **usual, **empty, **attributes})


def memberships(**golden_ids: str | None) -> pa.Table:
    given = ({"source_record_id": record, "golden_id": golden_id} for record, golden_id in golden_ids.items())
    return rows(ports.MEMBERSHIPS, *given, source="pos")


def profiles(*golden_ids: str, **columns: Any) -> pa.Table:
    usual = {
        "version": 1,
        "status": "live",
        "record_count": 1,
        "fingerprint": "f",
        "attributes": "{}",
        "consents": "{}",
    }
    times = {"created_at": MONDAY, "updated_at": MONDAY}
    return rows(
        ports.PROFILES,
        *({"golden_id": golden_id} for golden_id in golden_ids),
        **{**usual, **times, **columns},
    )


def redirects(**survivors: str) -> pa.Table:
    return rows(
        ports.REDIRECTS, *({"retired": retired, "survivor": end} for retired, end in survivors.items())
    )


def link(left: str, right: str, **columns: Any) -> dict[str, Any]:
    usual = {"left_source": "pos", "right_source": "pos", "judgement": "match"}
    told = {"decided_at": MONDAY, "blocked": True}
    return {**usual, **told, "left_id": left, "right_id": right, **columns}


def links(*given: dict[str, Any]) -> pa.Table:
    return rows(ports.LINKS, *given)


def keys(*ids: str) -> pa.Table:
    return rows(ports.RECORD_KEYS, *({"source": "pos", "source_record_id": record} for record in ids))


def events(*facts: tuple[str, int], body: str = "{}") -> pa.Table:
    given = (
        {"event_id": f"{subject}/{version}", "subject": subject, "version": version}
        for subject, version in facts
    )
    return rows(ports.EVENTS, *given, type="customer.updated", time=MONDAY, correlation_id="c", body=body)


def key(record: str, source: str = "pos") -> RecordKey:
    return RecordKey(source, record)


def arrival(record: str, content_hash: str = "h1", **attributes: str) -> Arrival:
    return Arrival(SourceRecord(key(record), attributes), content_hash, load_id="load-1")


def stored_link(left: str, right: str, *, blocked: bool = True, **columns: Any) -> StoredLink:
    return StoredLink(Link(key(left), key(right), **{"judgement": Judgement.MATCH, **columns}), blocked)


def profile(golden_id: str, **columns: Any) -> ProfileRow:
    usual = {"version": 1, "status": "live", "record_count": 1, "fingerprint": "f"}
    told = {"created_at": MONDAY, "attributes": "{}", "consents": "{}"}
    return ProfileRow(GoldenId(golden_id), **{**usual, **told, **columns})


def event(subject: str, version: int) -> Event:
    return Event("customer.updated", GoldenId(subject), version, None, "{}")
