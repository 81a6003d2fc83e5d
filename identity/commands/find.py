"""What `identity lookup` and `identity match` do: who is known by an id or a value, and who is like somebody."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from identity.bootstrap import Service
from identity.commands.ask import as_compared, pair_report, stored_record
from identity.flows.lookup import ByGoldenId, ByIdentifier, ByRecord, Question
from identity.flows.match import Alike
from identity.model.cluster import GoldenId
from identity.model.record import CANONICAL_ATTRIBUTES, RecordKey, SourceRecord
from identity.steps.file import IDENTIFIERS
from identity.steps.normalise import normalise

__all__ = ["KINDS", "asked_record", "lookup_report", "match_report", "question"]

KINDS = ("golden_id", "record", *IDENTIFIERS)
"""What somebody can be looked up by."""

_NOT_STORED = RecordKey("", "")


def question(asked: str, country: str = "") -> Question:
    """Return what KIND=VALUE asks for. ValueError when it is not written so, or of a kind nobody knows."""
    kind, value = _parts(asked, KINDS, "kind")
    match kind:
        case "golden_id":
            return ByGoldenId(GoldenId(value))
        case "record":
            return ByRecord(_key(value))
        case _:
            return ByIdentifier(kind, value, country)


def lookup_report(service: Service, asked: Sequence[str], questions: Sequence[Question]) -> dict[str, Any]:
    """Return who answers to each question; `found` says whether somebody does to every one."""
    answers = [
        {
            "asked": text,
            "golden_ids": list(answer.golden_ids),
            "status": answer.status,
            "redirected": answer.redirected,
        }
        for text, answer in zip(asked, service.lookup(questions), strict=True)
    ]
    return {"answers": answers, "found": all(answer["golden_ids"] for answer in answers)}


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


def _key(text: str) -> RecordKey:
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
