"""The closed table of changes a column mapping may ask for by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from identity.connectors.dates import iso_date
from identity.model.policy import SourcePolicy

__all__ = ["TRANSFORM_TABLE", "transform"]


def _sap_name(text: str) -> str:
    """Return "Given Family" for "Family, Given"; any other name as it is."""
    family, comma, given = text.partition(",")
    family, given = family.strip(), given.strip()
    return f"{given} {family}" if comma and family and given and "," not in given else text


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdecimal())


TRANSFORM_TABLE: Mapping[str, Callable[[str], str]] = {
    "sap_name": _sap_name,
    "upper": str.upper,
    "lower": str.lower,
    "digits": _digits,
}
"""Changes that need nothing but the text; `iso_date` also needs the source's formats and the day."""


def transform(name: str, policy: SourcePolicy, today: date) -> Callable[[str], str]:
    """Return the change called `name` as it works for this source."""
    if name == "iso_date":
        return lambda text: iso_date(text, policy.date_formats, today)
    return TRANSFORM_TABLE[name]
