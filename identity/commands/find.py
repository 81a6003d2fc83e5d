"""What `identity lookup` and `identity match` do: who is known by an id or a value, and who is like somebody."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from identity.bootstrap import Service
from identity.commands.ask import as_compared, pair_report, stored_record
from identity.flows.explain import Side
from identity.flows.lookup import ByGoldenId, ByIdentifier, ByRecord, Question
from identity.flows.match import Alike
from identity.model.cluster import GoldenId
from identity.model.record import CANONICAL_ATTRIBUTES, RecordKey, SourceRecord
from identity.steps.file import IDENTIFIERS
from identity.steps.normalise import normalise

__all__ = [
    "KINDS",
    "asked_record",
    "lookup_report",
    "match_report",
    "moment",
    "question",
    "record_key",
    "side",
]

KINDS = ("golden_id", "record", *IDENTIFIERS)
"""What somebody can be looked up by."""

_NOT_STORED = RecordKey("", "")


def question(asked: str, country: str = "", as_of: datetime | None = None) -> Question:
    """Return what KIND=VALUE asks for. ValueError when it is not written so, of a kind nobody knows, or about an
    identifier at a past moment."""
    kind, value = _parts(asked, KINDS, "kind")
    match kind:
        case "golden_id":
            return ByGoldenId(GoldenId(value), as_of)
        case "record":
            return ByRecord(record_key(value), as_of)
        case _ if as_of:
            raise ValueError(f"Whose {kind} it was is not known; --as-of goes with golden_id and record.")
        case _:
            return ByIdentifier(kind, value, country)


def moment(text: str | None) -> datetime | None:
    """Return the moment that ISO 8601 text tells, in UTC where it tells no offset. ValueError when it tells none."""
    if text is None:
        return None
    try:
        told = datetime.fromisoformat(text)
        utc = (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time: write it as 2026-03-01T12:00:00Z.") from None
    if not 1000 <= utc.year <= 9998:
        raise ValueError(f"{text!r} is outside of the years 1000 to 9998.")
    return utc


def lookup_report(
    service: Service, asked: Sequence[str], questions: Sequence[Question], as_of: datetime | None = None
) -> dict[str, Any]:
    """Return who answers to each question, or answered `as_of` a moment and with which records; `found` says whether
    somebody does to every one."""
    answers = [
        {
            "asked": text,
            "golden_ids": list(answer.golden_ids),
            "status": answer.status,
            "redirected": answer.redirected,
            **({"records": [str(key) for key in answer.records]} if as_of else {}),
        }
        for text, answer in zip(asked, service.lookup(questions), strict=True)
    ]
    told = {"as_of": as_of.isoformat()} if as_of else {}
    return {**told, "answers": answers, "found": all(answer["golden_ids"] for answer in answers)}


def asked_record(service: Service, told: Sequence[str], record: str | None) -> SourceRecord:
    """Return the record that NAME=VALUE… tells of, or the stored one named source:id.

    ValueError when it is neither or both, or not written so; LookupFailed E502 for a record nobody knows.
    """
    if bool(told) == bool(record):
        raise ValueError("Give either NAME=VALUE… or --record source:id.")
    if record:
        return stored_record(service, record)
    names = (*CANONICAL_ATTRIBUTES, *service.match_rules.custom)
    attributes = dict(_parts(text, names, "attribute") for text in told)
    return SourceRecord(_NOT_STORED, {name: value for name, value in attributes.items() if value})


def match_report(service: Service, record: SourceRecord, most: int) -> dict[str, Any]:
    """Return up to `most` stored records that `record` is like, the likest first, and why that one is.

    `shared` are its attributes that count for nothing, because too many people share the value.
    """
    alike = service.match(record, most)
    found = [service.store.views.record(alike[0].key)] if alike else []
    asked, *likest = as_compared(service, [record, *filter(None, found)])
    raw = normalise(record, service.match_rules.custom).features
    name = None if record.key == _NOT_STORED else str(record.key)
    report: dict[str, Any] = {
        "asked": name,
        "shared": sorted(raw.keys() - asked.features.keys()),
        "alike": [_alike(each) for each in alike],
        "best": None,
        "found": bool(alike),
    }
    if likest:
        pair, model, best = (asked, likest[0]), service.active_model(), alike[0]
        told = pair_report(service, model, pair, best.match_weight, best.contributions)
        report["best"] = {**told, "left": name}
    return report


def _alike(found: Alike) -> dict[str, Any]:
    return {
        "record": str(found.key),
        "golden_id": found.golden_id,
        "match_weight": found.match_weight,
        "judgement": str(found.judgement),
    }


def side(text: str) -> Side:
    """Return the record that source:id names, or the golden id. ValueError for half a record."""
    return record_key(text) if ":" in text else GoldenId(text)


def record_key(text: str) -> RecordKey:
    """Return the record that source:id names. ValueError when it is not written so."""
    source, colon, record_id = text.partition(":")
    if not (source and colon and record_id):
        raise ValueError(f"{text!r} is no record: write it as source:source_record_id.")
    return RecordKey(source, record_id)


def _parts(text: str, known: Collection[str], what: str) -> tuple[str, str]:
    """Return NAME and VALUE of NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is not written {what.upper()}=VALUE.")
    if name not in known:
        raise ValueError(f"There is no {what} {name!r}. Use one of: {', '.join(known)}.")
    return name, value
