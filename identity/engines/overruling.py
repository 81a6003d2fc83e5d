"""Values that people gave, in the profiles of a population: few, so each is made anew by the specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa

from identity.model.golden import GoldenProfile
from identity.model.override import Override
from identity.model.policy import SurvivorshipPolicy
from identity.model.record import RecordKey, SourceRecord
from identity.steps.overrule import overrule
from identity.steps.survive import attributes_text, fingerprint, survive

__all__ = ["overruled"]

_KEYS = ["source", "source_record_id"]
_NOT_ATTRIBUTES = frozenset({*_KEYS, "observed_at", "consents"})


def overruled(
    survived: pa.Table,
    records: pa.Table,
    memberships: pa.Table,
    policy: SurvivorshipPolicy,
    overrides: Sequence[Override],
) -> pa.Table:
    """Return the profiles of `survive_population` with the values that hold in the place of those of records."""
    if not overrides:
        return survived
    keys = sorted({key for each in overrides for key in each.said})
    anchored = pa.table({name: [getattr(key, name) for key in keys] for name in _KEYS})
    ids = memberships.join(anchored, _KEYS, join_type="left semi").column("golden_id").unique()
    homes = memberships.join(pa.table({"golden_id": ids}), ["golden_id"], join_type="left semi")
    people = _people(records.join(homes, _KEYS, join_type="inner").to_pylist())
    rows = {row["golden_id"]: row for row in _rows_of(survived, ids)}
    fresh = {
        golden_id: told
        for golden_id, row in rows.items()
        if (told := _told(row, people.get(golden_id, ()), policy, overrides))
    }
    if not fresh:
        return survived
    return _replaced(survived, fresh)


def _rows_of(survived: pa.Table, ids: pa.Array) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = survived.join(
        pa.table({"golden_id": ids}), ["golden_id"], join_type="left semi"
    ).to_pylist()
    return rows


def _people(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[SourceRecord]]:
    people: dict[str, list[SourceRecord]] = {}
    for row in rows:
        told = {name: row[name] for name in row if name not in _NOT_ATTRIBUTES and name != "golden_id"}
        record = SourceRecord(
            RecordKey(row["source"], row["source_record_id"]),
            {name: value for name, value in told.items() if value},
            _moment(row.get("observed_at")),
        )
        people.setdefault(row["golden_id"], []).append(record)
    return people


def _moment(told: Any) -> datetime | None:
    return datetime.fromisoformat(told) if isinstance(told, str) and told else told or None


def _told(
    row: Mapping[str, Any],
    records: Sequence[SourceRecord],
    policy: SurvivorshipPolicy,
    overrides: Sequence[Override],
) -> dict[str, Any] | None:
    """Return the row of a profile that a value was given for; None where none of them holds."""
    before: GoldenProfile = survive(row["golden_id"], records, policy, orjson.loads(row["consents"]))
    after = overrule(before, records, overrides)
    if after == before:
        return None
    flat = {name: found.value for name, found in after.values.items() if name in row}
    return {**row, **flat, "attributes": attributes_text(after), "fingerprint": fingerprint(after)}


def _replaced(survived: pa.Table, fresh: Mapping[str, Mapping[str, Any]]) -> pa.Table:
    """Return the table with some rows in the place of those of the same golden id, in their order."""
    ids = pa.table({"golden_id": list(fresh)})
    kept = survived.join(ids, ["golden_id"], join_type="left anti").select(survived.column_names)
    rows = pa.Table.from_pylist(list(fresh.values()), survived.schema)
    return pa.concat_tables([kept.cast(survived.schema), rows]).sort_by("golden_id")
