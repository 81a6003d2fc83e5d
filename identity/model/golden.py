"""The golden profile: one person as the whole company should know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from identity.model.cluster import GoldenId
from identity.model.record import RecordKey

__all__ = ["GoldenProfile", "GoldenValue"]


@dataclass(frozen=True, slots=True)
class GoldenValue:
    """A surviving value with its reason: which record said it, and which rule chose it."""

    value: str
    record: RecordKey
    rule: str
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GoldenProfile:
    """A golden id, its surviving values by attribute, and its consent flags by purpose and channel."""

    golden_id: GoldenId
    values: Mapping[str, GoldenValue]
    consents: Mapping[str, str]
    records: tuple[RecordKey, ...]
    version: int = 1
