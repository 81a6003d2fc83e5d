"""One record, and two records beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

import pyarrow as pa

from identity.bootstrap import Service, Settings
from identity.model.evidence import MatchWeight, ScoredPair
from identity.model.match import MatchModel
from identity.model.record import CANONICAL_ATTRIBUTES, NormalisedRecord, RecordKey, SourceRecord
from identity.steps.block import block, blocking_parts
from identity.steps.compare import compare as _compare
from identity.steps.normalise import normalise as _normalise

__all__ = ["Bar", "blocking_keys", "compare", "normalise", "record", "records_of", "waterfall"]


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of a waterfall: the weight (bits) before it and after it. The first one starts at 0, with the prior."""

    name: str
    level: str
    before: MatchWeight
    after: MatchWeight


def record(key: str, observed_at: datetime | None = None, **attributes: str) -> SourceRecord:
    """Return a record named `source:source_record_id`. Values that are "" are absent.

    ValueError for a key without a colon.
    """
    source, colon, record_id = key.partition(":")
    if not (source and colon and record_id):
        raise ValueError(f"{key!r} is no record: write it as source:source_record_id.")
    told = {name: value for name, value in attributes.items() if value}
    return SourceRecord(RecordKey(source, record_id), told, observed_at)


def records_of(table: pa.Table) -> list[SourceRecord]:
    """Return the rows of a table in canonical columns as records; other columns are left out."""
    names = [name for name in CANONICAL_ATTRIBUTES if name in table.column_names]
    return [
        SourceRecord(
            RecordKey(row["source"], row["source_record_id"]),
            {name: row[name] for name in names if row[name]},
        )
        for row in table.to_pylist()
    ]


def normalise(told: SourceRecord, rules: Path | None = None) -> NormalisedRecord:
    """Return what comparisons see of a record. RulesError for `rules` that are wrong.

    A folder of rules is read once in a process, here and where two records are compared.
    """
    return _normalise(told, _service(rules).match_rules.custom)


def blocking_keys(told: SourceRecord, rules: Path | None = None) -> dict[str, str]:
    """Return under which values a record is filed to be found: key name → value; without a part there is no key."""
    service = _service(rules)
    filed = block(normalise(told, rules), service.match_rules.blocking, blocking_parts(service.nicknames))
    return {name: value.replace("\x1f", " + ") for name, value in filed.items()}


def compare(
    one: SourceRecord, other: SourceRecord, model: MatchModel, rules: Path | None = None
) -> ScoredPair:
    """Return the match weight of two records, and what each comparison adds to it (they sum to the weight)."""
    sides = (normalise(one, rules), normalise(other, rules))
    return _compare(*sides, model, _service(rules).comparators)


def waterfall(scored: ScoredPair) -> list[Bar]:
    """Return a pair's weight step by step; what is missing on one side and moves nothing is left out."""
    return list(_bars(scored))


def _bars(scored: ScoredPair) -> Iterator[Bar]:
    weight = 0.0
    for found in scored.contributions:
        after = weight + found.match_weight
        if abs(found.match_weight) > 1e-12:
            yield Bar(found.comparison, found.level, MatchWeight(weight), MatchWeight(after))
        weight = after


def _service(rules: Path | None) -> Service:
    return _services(rules)


@cache
def _services(rules: Path | None) -> Service:
    settings = Settings()
    return Service(replace(settings, rules=rules) if rules else settings)
