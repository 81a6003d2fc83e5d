"""From a source's own columns to canonical attributes, by its policy; canonical columns pass as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from identity.connectors.consents import consent_texts, consents_valid, statuses
from identity.connectors.dates import impossible, iso_moment
from identity.connectors.findings import Finding, impossible_dates, in_fields, missing, rounded
from identity.connectors.moments import moments
from identity.connectors.raw_rows import RawRows, text_array
from identity.connectors.text_columns import Positions, by_distinct, trimmed
from identity.connectors.transforms import transform
from identity.model.policy import ColumnMapping, ImpossibleValue, SourcePolicy
from identity.model.record import CANONICAL_ATTRIBUTES

__all__ = ["CanonicalRows", "canonical_rows", "map_rows"]


@dataclass(frozen=True, slots=True)
class CanonicalRows:
    """Canonical columns of equal length, and all that was found wrong with them, gravest first."""

    columns: Mapping[str, pa.Array]
    findings: tuple[Finding, ...]


class _Fields(dict[str, pa.Array]):
    """Trimmed columns by path, each trimmed once, null throughout where the file has no such column."""

    def __init__(self, raw: RawRows) -> None:
        super().__init__()
        self._raw = raw

    def __missing__(self, path: str) -> pa.Array:
        values = self._raw.columns.get(path)
        self[path] = pa.nulls(len(self._raw), pa.string()) if values is None else trimmed(values)
        return self[path]


def map_rows(raw: RawRows, policy: SourcePolicy, today: date) -> CanonicalRows:
    """Return the rows of a source system in canonical attributes; `today` tells which dates are to come."""
    fields = _Fields(raw)
    gathered = {mapping.attribute: _gather(fields, mapping) for mapping in policy.columns}
    read = _Moments(fields, policy)
    consents, consent_findings = _consents(fields, read, policy)
    columns = {
        "source": pa.array([policy.name]).take(pa.nulls(len(raw), pa.int64()).fill_null(0)),
        "source_record_id": fields[policy.record_id],
        **{m.attribute: _transformed(gathered[m.attribute], m, policy, today) for m in policy.columns},
        "observed_at": _observed_at(read, policy),
        "consents": consents,
    }
    unread = _unread(fields, read, policy, today)
    findings = (*_row_findings(raw, fields, gathered, policy, today), *unread, *consent_findings)
    return CanonicalRows(columns, findings)


def _gather(fields: _Fields, mapping: ColumnMapping) -> pa.Array:
    parts = [fields[path] for path in mapping.paths]
    if len(parts) == 1:
        return parts[0]
    if mapping.first:
        return pc.coalesce(*parts)
    # Arrow's own join that skips nulls loses the rows in which all parts are null.
    rows = zip(*(part.to_pylist() for part in parts), strict=True)
    return text_array(mapping.join.join(filter(None, row)) or None for row in rows)


def _transformed(values: pa.Array, mapping: ColumnMapping, policy: SourcePolicy, today: date) -> pa.Array:
    if not mapping.transform:
        return values
    change = transform(mapping.transform, policy, today)
    return by_distinct(values, lambda text: change(text) or None)


def _row_findings(
    raw: RawRows, fields: _Fields, gathered: Mapping[str, pa.Array], policy: SourcePolicy, today: date
) -> Iterator[Finding]:
    for path, reason in policy.reject_when.items():
        yield Finding("E341", path, np.flatnonzero(np.asarray(pc.is_valid(fields[path]))), reason)
    yield from in_fields(raw.columns)
    yield missing("E311", policy.record_id, fields[policy.record_id])
    yield rounded(policy.record_id, fields[policy.record_id])
    paths = {mapping.attribute: mapping.paths[0] for mapping in policy.columns}
    if "loyalty_id" in gathered:
        yield rounded(paths["loyalty_id"], gathered["loyalty_id"])
    if "birth_date" in gathered:
        keep = policy.impossible_values is ImpossibleValue.KEEP
        dates = (gathered["birth_date"], policy.date_formats, today)
        yield from impossible_dates(paths["birth_date"], *dates, keep=keep)


class _Moments(dict[str, tuple[pa.Array, Positions]]):
    """Columns of moments by path, each read once: the moments and where they are unreadable."""

    def __init__(self, fields: _Fields, policy: SourcePolicy) -> None:
        super().__init__()
        self._fields = fields
        self._formats = (*policy.observed_at_formats, *policy.date_formats)
        self._timezone = policy.timezone
        self.nothing = pa.nulls(len(fields[policy.record_id]), pa.string())

    def __missing__(self, path: str) -> tuple[pa.Array, Positions]:
        self[path] = moments(self._fields[path], self._formats, self._timezone)
        return self[path]


def _observed_at(read: _Moments, policy: SourcePolicy) -> pa.Array:
    paths = filter(None, (policy.observed_at, *policy.observed_at_fallbacks))
    return pc.coalesce(read.nothing, *(read[path][0] for path in paths))


def _consents(fields: _Fields, read: _Moments, policy: SourcePolicy) -> tuple[pa.Array, list[Finding]]:
    columns: dict[str, tuple[pa.Array, pa.Array]] = {}
    findings: list[Finding] = []
    for consent in policy.consents:
        status, strange = statuses(fields[consent.path], consent)
        findings.append(Finding("E360", consent.path, strange))
        captured_at = read[consent.captured_at][0] if consent.captured_at else read.nothing
        columns[consent.consent] = (status, captured_at)
    return consent_texts(columns, len(read.nothing)), findings


def _unread(fields: _Fields, read: _Moments, policy: SourcePolicy, today: date) -> Iterator[Finding]:
    """Find unreadable moments; one on a day that does not exist is as wrong as such a birth date."""
    strict = policy.impossible_values is ImpossibleValue.QUARANTINE
    formats = (*policy.observed_at_formats, *policy.date_formats)
    for path, (_, positions) in read.items():
        texts = fields[path].take(pa.array(positions)).to_pylist()
        no_day = np.array([strict and impossible(text, formats, today) == "E313" for text in texts], bool)
        yield Finding("E313", path, positions[no_day])
        yield Finding("E361", path, positions[~no_day])


def canonical_rows(raw: RawRows, source: str | None, custom: Sequence[str], today: date) -> CanonicalRows:
    """Return rows whose columns are canonical already; `source` stands where they name none."""
    fields = _Fields(raw)
    named = fields["source"]
    observed_at, unread = moments(fields["observed_at"])
    columns = {
        "source": named if source is None else pc.fill_null(named, source),
        **{name: fields[name] for name in ("source_record_id", *CANONICAL_ATTRIBUTES)},
        **{name: pc.coalesce(fields[name], fields[f"custom.{name}"]) for name in custom},
        "observed_at": observed_at,
        "consents": fields["consents"],
    }
    unread_moments = Finding("E361", "observed_at", unread)
    return CanonicalRows(columns, (*_canonical_findings(raw, columns, today), unread_moments))


def _canonical_findings(raw: RawRows, columns: Mapping[str, pa.Array], today: date) -> Iterator[Finding]:
    yield from in_fields(raw.columns)
    yield missing("E311", "source_record_id", columns["source_record_id"])
    yield missing("E312", "source", columns["source"])
    yield rounded("source_record_id", columns["source_record_id"])
    yield rounded("loyalty_id", columns["loyalty_id"])
    yield _invalid_consents(columns["consents"])
    yield from impossible_dates("birth_date", columns["birth_date"], (), today, keep=True)


def _invalid_consents(values: pa.Array) -> Finding:
    readable = partial(iso_moment, formats=(), zone=ZoneInfo("UTC"))
    verdicts = by_distinct(
        values, lambda text: None if consents_valid(text, lambda at: bool(readable(at))) else text
    )
    return Finding("E317", "consents", np.flatnonzero(np.asarray(pc.is_valid(verdicts))))
