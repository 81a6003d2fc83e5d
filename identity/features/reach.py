"""What a person is reached by, spelled as it is compared: what consents are for."""

from __future__ import annotations

from identity.features.contacts import email_address, phone_number
from identity.features.places import country_code
from identity.model.consent import Identifier
from identity.model.record import SourceRecord

__all__ = ["contacts", "identifier_value", "reached"]

_KINDS = ("email", "phone")


def contacts(record: SourceRecord) -> dict[str, str]:
    """Return what somebody is reached by, by kind; a value that too many share is told too."""
    told, country = record.attributes, record.attributes.get("country", "")
    found = {kind: identifier_value(kind, told[kind], country) for kind in _KINDS if kind in told}
    return {kind: value for kind, value in found.items() if value}


def identifier_value(kind: str, text: str, country: str = "") -> str:
    """Return a value as identifiers are compared; "" for what is none."""
    return email_address(text) if kind == "email" else phone_number(text, country_code(country))


def reached(record: SourceRecord, kind: str) -> Identifier:
    """Return what a consent of a channel of this kind is for when this record says it."""
    value = contacts(record).get(kind) if kind else None
    return (kind, value) if value else ("record", str(record.key))
