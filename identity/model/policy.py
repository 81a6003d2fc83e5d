"""What a retailer decides and edits as YAML in `matching_rules/`, after it has been validated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "CONSENT_STATUSES",
    "DATE_DIRECTIVES",
    "FILE_KINDS",
    "TRANSFORMS",
    "AttributePolicy",
    "ColumnMapping",
    "ConsentColumn",
    "FileFormat",
    "ImpossibleValue",
    "SourceMode",
    "SourcePolicy",
    "SurvivorshipPolicy",
]

FILE_KINDS = ("csv", "jsonl", "parquet")
CONSENT_STATUSES = ("granted", "denied", "withdrawn", "unknown")

TRANSFORMS = ("sap_name", "iso_date", "upper", "lower", "digits")
"""Names a column mapping may use; what they do stands in `identity/connectors/transforms.py`."""

DATE_DIRECTIVES = ("%Y", "%y", "%m", "%d", "%b", "%B", "%H", "%M", "%S", "%f", "%z", "%%")
"""The strptime directives a date format may use; month names are English whatever the locale."""


class SourceMode(StrEnum):
    LIVE = "live"
    SHADOW = "shadow"


class ImpossibleValue(StrEnum):
    """What to do with a row one of whose values cannot be true, such as 31 February."""

    QUARANTINE = "quarantine"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How a source writes its files. `kind` is csv, jsonl or parquet; the rest is for text formats."""

    kind: str
    encoding: str = "utf-8"
    delimiter: str = ","


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Where a canonical attribute comes from: one path, or several joined by `join`; then a named transform.

    With `first`, several paths are alternatives: the first one that holds a value is taken.
    """

    attribute: str
    paths: tuple[str, ...]
    join: str = " "
    transform: str = ""
    first: bool = False


@dataclass(frozen=True, slots=True)
class ConsentColumn:
    """A source column (or path) that tells a consent: `purpose.channel`, and what each spelling means."""

    consent: str
    path: str
    meanings: Mapping[str, str]
    captured_at: str = ""


@dataclass(frozen=True, slots=True)
class SourcePolicy:
    """A system's own format and standing: how to read it, whom to trust, whether it takes effect.

    `trust` ranks sources in survivorship (higher wins). `default_country` (ISO 3166 alpha-2) reads national
    phone numbers and postcodes. `date_formats` are tried in order (strptime directives); empty means ISO
    first, then the common formats, with ambiguity kept. `observed_at_fallbacks` are read where `observed_at`
    is empty; `timezone` (IANA name) reads timestamps without an offset. A value in a `reject_when` column
    rejects the row, with that reason. `custom` names the attributes declared beyond the canonical ones. A
    file may lack the `optional_columns` without a warning. Records are kept for `retention` days after they were told
    or observed last; 0: for good.
    """

    name: str
    file_format: FileFormat
    record_id: str
    columns: tuple[ColumnMapping, ...]
    trust: int = 50
    mode: SourceMode = SourceMode.LIVE
    default_country: str = "US"
    date_formats: tuple[str, ...] = ()
    observed_at: str = ""
    observed_at_formats: tuple[str, ...] = ()
    impossible_values: ImpossibleValue = ImpossibleValue.QUARANTINE
    consents: tuple[ConsentColumn, ...] = ()
    observed_at_fallbacks: tuple[str, ...] = ()
    timezone: str = "UTC"
    reject_when: Mapping[str, str] = field(default_factory=dict)
    custom: tuple[str, ...] = ()
    optional_columns: tuple[str, ...] = ()
    retention: int = 0


@dataclass(frozen=True, slots=True)
class AttributePolicy:
    """How one attribute survives: criteria tried in order until one value is left; ties go by record key.

    Criteria: trusted_source, most_recent, verified, most_complete, vote. `together` names attributes that
    must come from the same record (an address is not assembled from two houses). `mastered_by` names a
    source: as soon as it has a record of this person, only its value counts and no other source fills the
    gap.

    `placeholders` say nothing ("unknown") and never win against a real value; `doubtful` values (one letter,
    the first of January) lose to a real value and beat a placeholder. Both are compared folded, as
    `compared_as` says: "text" ignores case, accents and repeated spaces, "phone" keeps the last nine digits.

    A `..._pattern` is a regular expression that has to match in full; "" matches nothing. Patterns keep to
    what Python's `re` and RE2 read alike: ASCII classes, no look-around, no back-references. The first two
    read the folded value, `verified_pattern` reads the value as it was written.
    """

    attribute: str
    criteria: tuple[str, ...]
    together: tuple[str, ...] = ()
    mastered_by: str = ""
    compared_as: str = "text"
    placeholders: tuple[str, ...] = ()
    placeholder_pattern: str = ""
    doubtful: tuple[str, ...] = ()
    doubtful_pattern: str = ""
    verified_pattern: str = ""

    @property
    def attributes(self) -> tuple[str, ...]:
        """Every attribute this policy decides, in one go."""
        return tuple(dict.fromkeys((*self.together, self.attribute)))


@dataclass(frozen=True, slots=True)
class SurvivorshipPolicy:
    """One policy per attribute or group of attributes; `default` serves every attribute none of them names.

    `trust` ranks sources, higher wins; a source it does not name has 50, as in SourcePolicy.
    """

    attributes: tuple[AttributePolicy, ...]
    trust: Mapping[str, int] = field(default_factory=dict)
    default: AttributePolicy = AttributePolicy("*", ("trusted_source", "most_recent", "most_complete"))
