"""The records of a delivery, one by one, as real time takes them, and those it does not take."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import orjson
import pyarrow as pa

from identity.connectors.consents import captured
from identity.connectors.faults import RowOutcome
from identity.connectors.intake import bounded
from identity.model.errors import RowError
from identity.model.record import CANONICAL_ATTRIBUTES, RecordKey, SourceRecord
from identity.ports import QUARANTINED, RECORDS, Arrival, Load

ERASED = "E323"
"""The code of a record of somebody who was erased."""

__all__ = ["ERASED", "as_told", "one_by_one", "refused_rows"]

_ROWS_AT_ONCE = 1_000


def one_by_one(records: pa.Table) -> Iterator[Arrival]:
    """Yield each row of RECORDS as an arrival, in their order.

    Its content hash stays: what was loaded before is found unchanged when it is told in real time, and the other way
    round.
    """
    for batch in records.select(RECORDS.names).to_batches(max_chunksize=_ROWS_AT_ONCE):
        yield from map(_arrival, batch.to_pylist())


def _arrival(row: Mapping[str, Any]) -> Arrival:
    told = {name: row[name] for name in CANONICAL_ATTRIBUTES} | orjson.loads(row["custom"] or "{}")
    record = SourceRecord(
        RecordKey(row["source"], row["source_record_id"]),
        {name: value for name, value in told.items() if value is not None},
        row["observed_at"],
        *_consents(row["consents"]),
    )
    return Arrival(
        record,
        row["content_hash"],
        row["mode"],
        row["load_id"],
        deleted=row["deleted_at"] is not None,
        original=row["original"],
        consents=row["consents"],
    )


def _consents(text: str | None) -> tuple[dict[str, str], dict[str, datetime]]:
    told = orjson.loads(text or "{}")
    return {consent: said["status"] for consent, said in told.items()}, captured(told)


def as_told(arrival: Arrival) -> str:
    """Return a record as it came; where that is not kept, in canonical columns."""
    if arrival.original:
        return bounded(arrival.original)
    record = arrival.record
    told = {"source": record.key.source, "source_record_id": record.key.source_record_id, **record.attributes}
    told |= {"observed_at": record.observed_at.isoformat()} if record.observed_at else {}
    told |= {"consents": arrival.consents} if arrival.consents else {}
    return bounded(json.dumps(told))


def refused_rows(
    load: Load,
    refused: Iterable[tuple[RecordKey, RowError]],
    at: datetime,
    told: Mapping[RecordKey, str] = MappingProxyType({}),
) -> pa.Table:
    """Return records of a load that real time has refused, and why, as QUARANTINED: of which row is not known. `told`
    is how they came. Of somebody who was erased nothing is told, not even the name of the record."""
    rows = [
        {
            "load_id": load.load_id,
            "file": load.file,
            "source": key.source,
            "source_record_id": None if problem.code == ERASED else key.source_record_id,
            "code": problem.code,
            "message": f"{load.file}: {problem.message}"
            if problem.code == ERASED
            else f"{load.file}, record {key}: {problem.message}",
            "outcome": str(RowOutcome.QUARANTINED),
            "raw": None if problem.code == ERASED else told.get(key),
            "status": "open",
            "created_at": at,
        }
        for key, problem in refused
    ]
    return pa.Table.from_pylist(rows, schema=QUARANTINED)
