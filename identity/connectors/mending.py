"""Rows that were set aside, back in the columns they came in, and with corrections."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from identity.model.policy import SourcePolicy
from identity.model.quarantine import SetAside

__all__ = ["columns_of", "corrected", "is_canonical", "told_of"]

_UPLOADED = "upload:"


def told_of(raw: str | None) -> dict[str, Any] | None:
    """Return a row in its columns, numbers as the text they were written in; None where it could not be split."""
    try:
        told = json.loads(raw or "", parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def is_canonical(row: SetAside, policy: SourcePolicy | None, told: Mapping[str, Any] | None) -> bool:
    """Say whether a row came in canonical columns rather than in those of its source's rules."""
    if policy is None or row.file.startswith(_UPLOADED):
        return True
    known = {policy.record_id, policy.record_id.partition(".")[0]}
    return told is not None and "source_record_id" in told and not known & told.keys()


def columns_of(told: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    """Yield each single value of a row: its path, dots leading into objects, and its text. Lists are left out."""
    for name, value in told.items():
        path = f"{within}{name}"
        if isinstance(value, Mapping):
            yield from columns_of(value, f"{path}.")
        elif not isinstance(value, list):
            yield path, "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def corrected(told: Mapping[str, Any], corrections: Mapping[str, str]) -> dict[str, Any]:
    """Return a row with other values in some columns; an empty one is none. What is not named stays as it came."""
    known, made = dict(columns_of(told)), dict(told)
    for path, value in corrections.items():
        if value != known.get(path, ""):
            made = _with(made, path, value or None)
    return made


def _with(told: Mapping[str, Any], path: str, value: str | None) -> dict[str, Any]:
    first, dot, rest = path.partition(".")
    if not dot or path in told:
        return {**told, path: value}
    inner = told.get(first)
    return {**told, first: _with(inner if isinstance(inner, Mapping) else {}, rest, value)}
