"""Customer identity, in process: who is who among records, why, how right it is, and what people decide about it.

    from identity import resolve, sample_records, measure

    sample = sample_records(people=500, seed=1)
    found = resolve(sample.records)
    measure(found.crosswalk, sample.truth).f1

docs/reference/python.md tells of every name here. Each is imported when it is first asked for: importing this package
costs nothing, and neither do the commands and servers that need only a part of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from identity.bootstrap import Service, Settings, settings_from
    from identity.face.accuracy import Accuracy, Estimate, Estimates, Stratum, estimate, measure, mistakes
    from identity.face.coverage import Blocking, blocking
    from identity.face.models import (
        load_model,
        matches_per_record,
        parameters,
        rarity,
        save_model,
        starter_model,
        train,
    )
    from identity.face.records import Bar, blocking_keys, compare, normalise, record, records_of, waterfall
    from identity.face.stored import (
        crosswalk,
        draw_pairs,
        estimate_stored,
        events,
        ingest,
        label,
        load,
        open_service,
        profile,
        rematch,
        reviews,
    )
    from identity.face.tables import Resolved, Sample, arrow_table, resolve, sample_records
    from identity.flows.consent import Asker, Said, Teller
    from identity.flows.judge import Wish
    from identity.flows.lookup import ByGoldenId, ByIdentifier, ByRecord
    from identity.model.errors import DecisionRefused, IdentityError
    from identity.model.evidence import Contribution, ScoredPair
    from identity.model.golden import GoldenProfile, GoldenValue
    from identity.model.judgement import Judgement
    from identity.model.match import MatchModel
    from identity.model.record import NormalisedRecord, RecordKey, SourceRecord
    from identity.model.review import ReviewKind

__all__ = [
    "Accuracy",
    "Asker",
    "Bar",
    "Blocking",
    "ByGoldenId",
    "ByIdentifier",
    "ByRecord",
    "Contribution",
    "DecisionRefused",
    "Estimate",
    "Estimates",
    "GoldenProfile",
    "GoldenValue",
    "IdentityError",
    "Judgement",
    "MatchModel",
    "NormalisedRecord",
    "RecordKey",
    "Resolved",
    "ReviewKind",
    "Said",
    "Sample",
    "ScoredPair",
    "Service",
    "Settings",
    "SourceRecord",
    "Stratum",
    "Teller",
    "Wish",
    "arrow_table",
    "blocking",
    "blocking_keys",
    "compare",
    "crosswalk",
    "draw_pairs",
    "estimate",
    "estimate_stored",
    "events",
    "ingest",
    "label",
    "load",
    "load_model",
    "matches_per_record",
    "measure",
    "mistakes",
    "normalise",
    "open_service",
    "parameters",
    "profile",
    "rarity",
    "record",
    "records_of",
    "rematch",
    "resolve",
    "reviews",
    "sample_records",
    "save_model",
    "settings_from",
    "starter_model",
    "train",
    "waterfall",
]

_FROM = {
    "identity.bootstrap": (
        "Service",
        "Settings",
        "settings_from",
    ),
    "identity.face.accuracy": (
        "Accuracy",
        "Estimate",
        "Estimates",
        "Stratum",
        "estimate",
        "measure",
        "mistakes",
    ),
    "identity.face.coverage": (
        "Blocking",
        "blocking",
    ),
    "identity.face.models": (
        "load_model",
        "matches_per_record",
        "parameters",
        "rarity",
        "save_model",
        "starter_model",
        "train",
    ),
    "identity.face.records": (
        "Bar",
        "blocking_keys",
        "compare",
        "normalise",
        "record",
        "records_of",
        "waterfall",
    ),
    "identity.face.stored": (
        "crosswalk",
        "draw_pairs",
        "estimate_stored",
        "events",
        "ingest",
        "label",
        "load",
        "open_service",
        "profile",
        "rematch",
        "reviews",
    ),
    "identity.face.tables": (
        "Resolved",
        "Sample",
        "arrow_table",
        "resolve",
        "sample_records",
    ),
    "identity.flows.consent": (
        "Asker",
        "Said",
        "Teller",
    ),
    "identity.flows.judge": ("Wish",),
    "identity.flows.lookup": (
        "ByGoldenId",
        "ByIdentifier",
        "ByRecord",
    ),
    "identity.model.errors": (
        "DecisionRefused",
        "IdentityError",
    ),
    "identity.model.evidence": (
        "Contribution",
        "ScoredPair",
    ),
    "identity.model.golden": (
        "GoldenProfile",
        "GoldenValue",
    ),
    "identity.model.judgement": ("Judgement",),
    "identity.model.match": ("MatchModel",),
    "identity.model.record": (
        "NormalisedRecord",
        "RecordKey",
        "SourceRecord",
    ),
    "identity.model.review": ("ReviewKind",),
}
_HOMES = {name: module for module, names in _FROM.items() for name in names}


def __getattr__(name: str) -> Any:
    """Return a public name, from where it lives. AttributeError for any other."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
