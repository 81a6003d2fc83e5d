"""A record that a caller tells in canonical attributes → an arrival."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import orjson

from identity.connectors.consents import captured
from identity.model.record import RecordKey, SourceRecord
from identity.ports import Arrival

__all__ = ["arrival_of", "deletion_of"]


def arrival_of(
    key: RecordKey,
    attributes: Mapping[str, str],
    observed_at: datetime | None,
    consents: Mapping[str, Mapping[str, str]],
    mode: str = "live",
) -> Arrival:
    """Return what is told. Equal content has an equal `content_hash`, whatever the order it is told in."""
    told = [
        sorted(attributes.items()),
        observed_at,
        {name: dict(consents[name]) for name in sorted(consents)},
    ]
    statuses = {name: said["status"] for name, said in consents.items()}
    record = SourceRecord(key, dict(attributes), observed_at, statuses, captured(consents))
    return Arrival(
        record,
        hashlib.blake2b(_content(told), digest_size=16).hexdigest(),
        mode,
        consents=orjson.dumps(consents).decode() if consents else None,
    )


def _content(told: Sequence[object]) -> bytes:
    try:
        return orjson.dumps(told, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    except TypeError:  # half a character: the record is refused for it, and nothing is stored under this
        return repr(told).encode(errors="surrogatepass")


def deletion_of(key: RecordKey, mode: str, at: datetime) -> Arrival:
    """Return that a source tells a record no more."""
    return Arrival(SourceRecord(key, {}, at), "", mode, deleted=True)
