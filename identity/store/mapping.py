"""Rows to model values and back: the JSON inside a row is spelled and read here only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from identity.model.cluster import GoldenId
from identity.model.evidence import MatchWeight
from identity.model.golden import GoldenProfile, GoldenValue
from identity.model.judgement import DecidedBy, Judgement, Link
from identity.model.record import CANONICAL_ATTRIBUTES, RecordKey, SourceRecord

__all__ = [
    "attributes_from_json",
    "attributes_to_json",
    "flags_from_json",
    "flags_to_json",
    "golden_profile",
    "link",
    "source_record",
]


class _Row(Protocol):
    """A row of SQLAlchemy Core: columns are attributes."""

    def __getattr__(self, name: str) -> Any: ...


def attributes_to_json(values: Mapping[str, GoldenValue]) -> str:
    """Return surviving values as JSON with sorted names, so that equal values are equal text."""
    spelled = {name: _golden_value_to_json(value) for name, value in values.items()}
    return orjson.dumps(spelled, option=orjson.OPT_SORT_KEYS).decode()


def _golden_value_to_json(value: GoldenValue) -> dict[str, str | None]:
    return {
        "value": value.value,
        "source": value.record.source,
        "source_record_id": value.record.source_record_id,
        "rule": value.rule,
        "observed_at": _spelled(value.observed_at),
    }


def _spelled(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def attributes_from_json(text: str) -> dict[str, GoldenValue]:
    return {name: _golden_value_from_json(value) for name, value in orjson.loads(text).items()}


def _golden_value_from_json(value: Mapping[str, Any]) -> GoldenValue:
    observed_at = value["observed_at"]
    return GoldenValue(
        value=value["value"],
        record=RecordKey(value["source"], value["source_record_id"]),
        rule=value["rule"],
        observed_at=datetime.fromisoformat(observed_at) if observed_at else None,
    )


def flags_to_json(flags: Mapping[str, str]) -> str:
    """Return consents (or custom attributes) as JSON with sorted names."""
    return orjson.dumps(dict(flags), option=orjson.OPT_SORT_KEYS).decode()


def flags_from_json(text: str) -> dict[str, str]:
    flags: dict[str, str] = orjson.loads(text)
    return flags


def golden_profile(row: _Row, records: tuple[RecordKey, ...]) -> GoldenProfile:
    return GoldenProfile(
        golden_id=GoldenId(row.golden_id),
        values=attributes_from_json(row.attributes),
        consents=flags_from_json(row.consents),
        records=records,
        version=row.version,
    )


def source_record(row: _Row) -> SourceRecord:
    canonical = {name: value for name in CANONICAL_ATTRIBUTES if (value := getattr(row, name)) is not None}
    return SourceRecord(
        key=RecordKey(row.source, row.source_record_id),
        attributes=canonical | flags_from_json(row.custom),
        observed_at=row.observed_at,
        consents=flags_from_json(row.consents),
    )


def link(row: _Row) -> Link:
    return Link(
        left=RecordKey(row.left_source, row.left_id),
        right=RecordKey(row.right_source, row.right_id),
        judgement=Judgement(row.judgement),
        match_weight=None if row.match_weight is None else MatchWeight(row.match_weight),
        decided_by=DecidedBy(row.decided_by),
    )
