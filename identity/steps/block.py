"""block: features → the keys under which a record is filed, so that its like can be found."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jellyfish import metaphone

from identity.comparators import Nicknames
from identity.model.match import BlockingKey
from identity.model.record import NormalisedRecord

__all__ = ["Part", "block", "blocking_parts"]

Part = tuple[str, Callable[[str], str]]
"""Which feature a part is derived from, and how. Pure in the value, so distinct values are derived once."""


def _same(value: str) -> str:
    return value


def _sound(name: str) -> str:
    return metaphone(name.split()[-1]) or name


def _local(email: str) -> str:
    return email.rpartition("@")[0]


def _digits(date: str) -> str:
    return "".join(sorted(date[:8]))


def blocking_parts(nicknames: Nicknames) -> dict[str, Part]:
    """Return every part that a rules file may file records under."""
    return {
        "email": ("email", _same),
        "email_local": ("email", _local),
        "phone": ("phone", _same),
        "phone_end": ("phone", lambda phone: phone[-7:]),
        "tax_id": ("tax_id", _same),
        "loyalty_id": ("loyalty_id", _same),
        "birth_date": ("birth_date", lambda date: date[:8]),
        "birth_digits": ("birth_date", _digits),
        "birth_month": ("birth_date", lambda date: date[:6]),
        "birth_day": ("birth_date", lambda date: date[4:8]),
        "given_name": ("given_name", _same),
        "given_formal": ("given_name", nicknames.formal),
        "given_sound": ("given_name", _sound),
        "given_prefix": ("given_name", lambda name: name[:3]),
        "family_name": ("family_name", _same),
        "family_sound": ("family_name", _sound),
        "family_prefix": ("family_name", lambda name: name[:4]),
        "family_suffix": ("family_name", lambda name: name[-4:] if len(name) > 3 else ""),
        "address": ("address", lambda address: address if address[0] != "|" else ""),
        "street": ("street", _same),
        "postcode": ("postcode", _same),
        "postcode_area": ("postcode", lambda code: code[:3]),
        "city": ("city", _same),
    }


def block(
    record: NormalisedRecord, keys: tuple[BlockingKey, ...], parts: Mapping[str, Part]
) -> dict[str, str]:
    """Return the blocking keys of `record`: key name → value; a key with a missing part is absent."""
    filed = {}
    for key in keys:
        values = [_part(record, parts[part]) for part in key.parts]
        if all(values):
            filed[key.name] = "\x1f".join(sorted(values) if key.unordered else values)
    return filed


def _part(record: NormalisedRecord, part: Part) -> str:
    feature, derive = part
    value = record.features.get(feature, "")
    return derive(value) if value else ""
