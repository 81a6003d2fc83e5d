"""What the commands that only look do: profile, explain, events, rules, model formats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from identity.bootstrap import Service
from identity.connectors.results import writing
from identity.model.cluster import GoldenId
from identity.model.errors import LookupFailed, ModelError
from identity.model.evidence import Contribution, MatchWeight
from identity.model.golden import GoldenValue
from identity.model.match import MatchModel
from identity.model.record import NormalisedRecord, RecordKey, SourceRecord
from identity.ports import Look
from identity.steps.compare import compare
from identity.steps.decide import decide
from identity.steps.file import hold
from identity.steps.normalise import normalise
from identity.store import EventView
from matching_rules.model_file import save_model

__all__ = [
    "as_compared",
    "event_report",
    "explanation",
    "export_model",
    "import_model",
    "pair_report",
    "profile_report",
    "rules_report",
    "stored_record",
]


def profile_report(service: Service, golden_id: str) -> dict[str, Any]:
    """Return a golden profile with its reasons. LookupFailed E501 for an id nobody knows."""
    view = service.store.views.profile(GoldenId(golden_id))
    if view is None:
        raise LookupFailed(
            "E501", f"No profile has the golden id {golden_id}.", "`identity events` shows ids."
        )
    return {
        "golden_id": view.profile.golden_id,
        "redirected_from": view.redirected_from,
        "version": view.profile.version,
        "status": view.status,
        "restricted": bool(service.store.privacy.restricted(view.profile.golden_id)),
        "values": {name: _value(found) for name, found in view.profile.values.items()},
        "consents": dict(view.profile.consents),
        "records": [str(key) for key in view.profile.records],
    }


def _value(found: GoldenValue) -> dict[str, Any]:
    return {
        "value": found.value,
        "record": str(found.record),
        "rule": found.rule,
        "observed_at": found.observed_at.isoformat() if found.observed_at else None,
    }


def explanation(service: Service, left: str, right: str) -> dict[str, Any]:
    """Return how two stored records compare. LookupFailed E502 for a record nobody knows."""
    records = [stored_record(service, text) for text in (left, right)]
    ours, theirs = sorted(as_compared(service, records), key=lambda record: record.key)
    model = service.active_model()
    scored = compare(ours, theirs, model, service.comparators)
    return pair_report(service, model, (ours, theirs), scored.match_weight, scored.contributions)


def as_compared(service: Service, records: Sequence[SourceRecord]) -> list[NormalisedRecord]:
    """Return records as real time and batch compare them: without the values that count as nobody's own.

    That is by the features the store has filed a record by; one that is not filed, by its own.
    """
    with service.store.look() as look:
        readable = look.index_version() == service.index.version
        stored = look.stored([record.key for record in records]) if readable else {}
        filed = {key: found.features for key, found in stored.items() if found.features}
        return [
            NormalisedRecord(record.key, filed.get(record.key) or _own_features(service, look, record))
            for record in records
        ]


def _own_features(service: Service, look: Look, record: SourceRecord) -> dict[str, str]:
    raw = normalise(record, service.match_rules.custom).features
    values, _ = hold(raw, service.index.cabinet)
    generic = look.generic(values.values())
    return {name: value for name, value in raw.items() if values.get(name) not in generic}


def pair_report(
    service: Service,
    model: MatchModel,
    pair: Sequence[NormalisedRecord],
    match_weight: float,
    contributions: Iterable[Contribution],
) -> dict[str, Any]:
    """Return the match weight of a pair, contribution by contribution, with the values that were compared."""
    factors = {factor.name: [c.name for c in factor.comparisons] for factor in model.factors}
    left, right = (str(record.key) for record in pair)
    return {
        "left": left,
        "right": right,
        "match_weight": match_weight,
        "judgement": str(decide(MatchWeight(match_weight), service.match_rules.thresholds)),
        "model": model.version,
        "contributions": [
            {
                **asdict(contribution),
                "values": [
                    {name: record.features.get(name, "") for name in factors.get(contribution.comparison, ())}
                    for record in pair
                ],
            }
            for contribution in contributions
        ],
    }


def stored_record(service: Service, text: str) -> SourceRecord:
    """Return the stored record named source:id. LookupFailed E502 for one nobody knows."""
    source, _, record_id = text.partition(":")
    record = service.store.views.record(RecordKey(source, record_id))
    if record is None:
        raise LookupFailed("E502", f"No record is known as {text}.", "Write it as source:source_record_id.")
    return record


def event_report(service: Service, after: int, limit: int) -> dict[str, Any]:
    """Return the events after a position, oldest first."""
    return {"events": [_event(event) for event in service.store.views.events(after, limit)]}


def _event(event: EventView) -> dict[str, Any]:
    return {
        "position": event.position,
        "id": event.event_id,
        "type": event.type,
        "subject": event.subject,
        "version": event.version,
        "time": event.time.isoformat(),
        "data": dict(event.body),
    }


def rules_report(service: Service) -> dict[str, Any]:
    """Return what the rules say, having validated all of them. RulesError names the first that is wrong."""
    return {
        "rules": str(service.settings.rules),
        "comparisons": [comparison.name for comparison in service.match_rules.comparisons],
        "blocking_keys": len(service.match_rules.blocking),
        "thresholds": asdict(service.match_rules.thresholds),
        "survivorship": [attribute.attribute for attribute in service.survivorship.attributes],
        "nicknames": len(service.nicknames.groups),
        "sources": {
            name: {"mode": str(policy.mode), "trust": policy.trust}
            for name, policy in service.sources.items()
        },
    }


def export_model(service: Service, file: Path, out: Path, *, splink: bool) -> dict[str, Any]:
    """Write a model as Splink settings. ModelError E604 when no other format is named."""
    if not splink:
        raise ModelError("E604", "No format was named.", "Add --splink.")
    from identity.engines.splink import to_splink_settings

    model = service.model_file(file)
    with writing(out):
        out.write_bytes(orjson.dumps(to_splink_settings(model), option=orjson.OPT_INDENT_2))
    return {"model": model.version, "file": str(out)}


def import_model(service: Service, settings: Path, out: Path) -> dict[str, Any]:
    """Write the model that Splink settings hold. ModelError when they are not ours."""
    from identity.engines.splink import from_splink_settings

    try:
        content = orjson.loads(settings.read_bytes())
    except (OSError, orjson.JSONDecodeError) as problem:
        raise ModelError(
            "E605", f"{settings} is not a JSON file.", "Name Splink settings saved as JSON."
        ) from problem
    model = from_splink_settings(content, service.match_rules)
    save_model(model, out)
    return {"model": model.version, "file": str(out)}
