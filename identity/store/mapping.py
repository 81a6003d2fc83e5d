"""Rows to model values and back: the JSON inside a row is spelled and read here only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

import orjson

from identity.features.moments import moment as moment_of
from identity.model.cluster import GoldenId
from identity.model.evidence import MatchWeight
from identity.model.golden import GoldenProfile, GoldenValue
from identity.model.judgement import Judgement, Link
from identity.model.operation import ProfileImage
from identity.model.privacy import PrivacyKind, PrivacyRequest, PrivacyStatus
from identity.model.record import CANONICAL_ATTRIBUTES, RecordKey, SourceRecord
from identity.store.dialect import utc
from identity.store.fields import Fields

__all__ = [
    "ATTRIBUTES",
    "BEING_BUILT",
    "INDEX_VERSION",
    "attributes_from_json",
    "captured_from_json",
    "flags_from_json",
    "flags_to_json",
    "golden_profile",
    "held_version",
    "images_from_json",
    "images_to_json",
    "link",
    "request_of",
    "source_record",
    "standing_version",
    "statuses_from_json",
    "statuses_to_json",
]

INDEX_VERSION = "index_version"
"""The setting that says what the index was built with; while it is built anew, behind a mark."""
BEING_BUILT = "being built anew: "
"""The setting that says what the index was built with."""

ATTRIBUTES, IMAGES = "golden_profile.attributes", "operation.attributes"


class _Row(Protocol):
    """A row of SQLAlchemy Core: columns are attributes."""

    def __getattr__(self, name: str) -> Any: ...


def attributes_from_json(text: str) -> dict[str, GoldenValue]:
    """Return golden values from what `steps/survive.py` writes: a value alone has the reason of the one before."""
    values: dict[str, GoldenValue] = {}
    reason: list[Any] = []
    for name, (value, *told) in orjson.loads(text).items():
        reason = told or reason
        values[name] = _golden_value(value, *reason)
    return values


def _golden_value(value: str, source: str, record: str, rule: str, observed_at: str | None) -> GoldenValue:
    moment = datetime.fromisoformat(observed_at) if observed_at else None
    return GoldenValue(value, RecordKey(source, record), rule, moment)


def _told(value: GoldenValue) -> list[str | None]:
    moment = value.observed_at.isoformat() if value.observed_at else None
    return [value.value, value.record.source, value.record.source_record_id, value.rule, moment]


def flags_to_json(flags: Mapping[str, object]) -> str:
    """Return consents (or custom attributes) as JSON with sorted names."""
    return orjson.dumps(dict(flags), option=orjson.OPT_SORT_KEYS).decode()


def flags_from_json(text: str) -> dict[str, str]:
    flags: dict[str, str] = orjson.loads(text)
    return flags


def statuses_to_json(statuses: Mapping[str, str]) -> str:
    """Return a record's consents as JSON, as files are stored: each an object with its status."""
    return flags_to_json({consent: {"status": status} for consent, status in statuses.items()})


def statuses_from_json(text: str) -> dict[str, str]:
    """Return the status of each of a record's consents."""
    return {consent: told["status"] for consent, told in orjson.loads(text).items()}


def captured_from_json(text: str) -> dict[str, datetime]:
    """Return when each of a record's consents was captured, where that is told in a way that can be read."""
    told = {consent: moment_of(said.get("captured_at")) for consent, said in orjson.loads(text).items()}
    return {consent: moment for consent, moment in told.items() if moment}


def golden_profile(row: _Row, records: tuple[RecordKey, ...], fields: Fields) -> GoldenProfile:
    return GoldenProfile(
        golden_id=GoldenId(row.golden_id),
        values=attributes_from_json(fields.read(ATTRIBUTES, row.attributes)),
        consents=flags_from_json(row.consents),
        records=records,
        version=row.version,
    )


def images_to_json(images: Iterable[ProfileImage], fields: Fields) -> str:
    """Return profiles at a moment as JSON, records as pairs of source and id; attributes are a text of their own where
    they are encrypted."""
    spelled = [
        {
            "golden_id": image.golden_id,
            "version": image.version,
            "status": image.status,
            "records": [[key.source, key.source_record_id] for key in image.records],
            "attributes": _attributes(image, fields),
            "consents": image.consents,
        }
        for image in images
    ]
    return orjson.dumps(spelled, option=orjson.OPT_SORT_KEYS).decode()


def _attributes(image: ProfileImage, fields: Fields) -> Any:
    told = {name: _told(value) for name, value in image.attributes.items()}
    if not fields.current:
        return told
    return fields.seal(IMAGES, orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode())


def _image_values(told: Any, fields: Fields) -> dict[str, GoldenValue]:
    spelled = orjson.loads(fields.read(IMAGES, told)) if isinstance(told, str) else told
    return {name: _golden_value(*each) for name, each in spelled.items()}


def images_from_json(text: str, fields: Fields) -> tuple[ProfileImage, ...]:
    return tuple(
        ProfileImage(
            GoldenId(told["golden_id"]),
            told["version"],
            told["status"],
            tuple(RecordKey(*pair) for pair in told["records"]),
            _image_values(told["attributes"], fields),
            told["consents"],
        )
        for told in orjson.loads(text)
    )


def source_record(row: _Row, fields: Fields) -> SourceRecord:
    told = {name: fields.clear(f"source_record.{name}", getattr(row, name)) for name in CANONICAL_ATTRIBUTES}
    told |= flags_from_json(row.custom)
    return SourceRecord(
        key=RecordKey(row.source, row.source_record_id),
        attributes={name: value for name, value in told.items() if value is not None},
        observed_at=row.observed_at,
        consents=statuses_from_json(row.consents),
        captured=captured_from_json(row.consents),
    )


def link(row: _Row) -> Link:
    return Link(
        left=RecordKey(row.left_source, row.left_id),
        right=RecordKey(row.right_source, row.right_id),
        judgement=Judgement(row.judgement),
        match_weight=None if row.match_weight is None else MatchWeight(row.match_weight),
    )


def standing_version(stored: str | None) -> str | None:
    """Return what the index was built with; None while it is being built."""
    return None if stored is None or stored.startswith(BEING_BUILT) else stored


def held_version(stored: str | None) -> str | None:
    """Return what the content of the index was built with, also while it is being built anew."""
    return stored and stored.removeprefix(BEING_BUILT)


def request_of(row: Mapping[str, Any], fields: Fields) -> PrivacyRequest:
    """Return a privacy request from its columns by name."""
    decided = row["decided_at"]
    told = {
        **row,
        "kind": PrivacyKind(row["kind"]),
        "status": PrivacyStatus(row["status"]),
        "received_at": utc(row["received_at"]),
        "due_at": utc(row["due_at"]),
        "decided_at": decided and utc(decided),
        "report": orjson.loads(row["report"]),
        "wanted": orjson.loads(fields.read("privacy_request.wanted", row["wanted"] or "{}")),
    }
    return PrivacyRequest(**told)
