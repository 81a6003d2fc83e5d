"""keep away: records of somebody who was erased, told again, are not taken; whoever shares something with them is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from identity.features.digests import Digest
from identity.flows.delivered import Delivery
from identity.flows.online.desk import Desk
from identity.model.errors import RowError
from identity.model.record import CANONICAL_ATTRIBUTES, RecordKey, SourceRecord
from identity.ports import QUARANTINED, Arrival, OnlineWork, UnitOfWork
from identity.steps.normalise import normalise
from identity.steps.suppress import marks, suppressed

__all__ = ["of_somebody_erased", "of_the_erased", "without_the_erased"]

_KEYS = ["source", "source_record_id"]


def of_the_erased(work: OnlineWork, desk: Desk, arrivals: Sequence[Arrival]) -> frozenset[RecordKey]:
    """Return which of these records, none of which is stored, are of somebody who was erased."""
    if not arrivals or not work.suppresses():
        return frozenset()
    digest = desk.cabinet.digest
    features = {a.record.key: normalise(a.record).features for a in arrivals}
    asked = {mark for key, told in features.items() for mark in marks(key, told, digest)}
    known = work.suppressed(asked)
    if not known:
        return frozenset()
    return frozenset(key for key, told in features.items() if suppressed(key, told, digest, known))


def without_the_erased(work: UnitOfWork, digest: Digest, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Return files that were read without the rows of people who were erased; these are quarantined, and nothing of
    them is kept. Records that are stored are nobody's who was erased."""
    known = work.suppression()
    if not known:
        return list(deliveries)
    stored = work.record_hashes().select(_KEYS)
    return [_without(delivery, stored, known, digest) for delivery in deliveries]


def _without(delivery: Delivery, stored: pa.Table, known: frozenset[int], digest: Digest) -> Delivery:
    fresh = delivery.records.select([*_KEYS, *CANONICAL_ATTRIBUTES]).join(
        stored, _KEYS, join_type="left anti"
    )
    erased = [row for row in fresh.to_pylist() if _is_erased(row, known, digest)]
    if not erased:
        return delivery
    names = pa.table({name: [row[name] for row in erased] for name in _KEYS}, schema=stored.schema)
    kept = delivery.records.join(names, _KEYS, join_type="left anti").select(delivery.records.column_names)
    problem, load = of_somebody_erased(), delivery.load
    told = {
        "load_id": load.load_id, "file": load.file, "source": load.source, "code": problem.code,
        "message": f"{load.file}: {problem.message}", "outcome": "quarantined", "status": "open",
        "created_at": load.started_at,
    }  # fmt: skip
    rows = pa.Table.from_pylist([told] * len(erased), schema=QUARANTINED)
    counts = replace(
        delivery.counts,
        accepted=delivery.counts.accepted - len(erased),
        quarantined=delivery.counts.quarantined + len(erased),
    )
    aside = delivery.quarantined.join(names, _KEYS, join_type="left anti").select(QUARANTINED.names)
    return replace(delivery, records=kept, quarantined=pa.concat_tables([aside, rows]), counts=counts)


def _is_erased(row: Mapping[str, str | None], known: frozenset[int], digest: Digest) -> bool:
    key = RecordKey(row["source"] or "", row["source_record_id"] or "")
    told = {name: value for name in CANONICAL_ATTRIBUTES if (value := row[name])}
    return suppressed(key, normalise(SourceRecord(key, told)).features, digest, known)


def of_somebody_erased() -> RowError:
    return RowError(
        "E323",
        "It is of somebody who was erased, and who is to stay so.",
        "If they have come back by their own will, let a privacy officer release them.",
    )
