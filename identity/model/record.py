"""What a source system tells about a customer, before and after normalising."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = [
    "CANONICAL_ATTRIBUTES",
    "KEY_COLUMNS",
    "RESTRICTED",
    "NormalisedRecord",
    "RecordKey",
    "SourceRecord",
]

RESTRICTED = "restricted"
"""The mode of records that are kept and not used, because their person asked for that."""

KEY_COLUMNS = ("source", "source_record_id")

CANONICAL_ATTRIBUTES = (
    "given_name",
    "family_name",
    "full_name",
    "birth_date",
    "email",
    "phone",
    "street_address",
    "city",
    "region",
    "postcode",
    "country",
    "gender",
    "tax_id",
    "loyalty_id",
)


@dataclass(frozen=True, slots=True, order=True)
class RecordKey:
    """The name a record has in the world: which system, and which of its records. Opaque, never personal."""

    source: str
    source_record_id: str

    def __str__(self) -> str:
        return f"{self.source}:{self.source_record_id}"


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One customer record in canonical attributes, spelled as the source spelled it.

    `attributes` holds canonical and declared custom attributes; an absent value is absent, never "".
    `observed_at` is when the source last knew this to be true (timezone-aware, UTC); `captured`, when each consent
    was given or refused, where the source tells it.
    """

    key: RecordKey
    attributes: Mapping[str, str]
    observed_at: datetime | None = None
    consents: Mapping[str, str] = field(default_factory=dict)
    captured: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NormalisedRecord:
    """The same record as comparisons see it: feature name → folded text. Missing features are absent.

    Features are made from attributes by `steps/normalise.py` (for example `street` and `house_number` from
    `street_address`). They are for comparing, never for showing.
    """

    key: RecordKey
    features: Mapping[str, str]
