"""What Tryton tells of a party → an account. An answer of another shape is no answer: Unavailable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from identity.connectors.remote import unreadable
from identity.model.cluster import GoldenId
from identity.model.erp import ErpAccount

__all__ = ["FIELDS", "PHONES", "Entry", "Party", "changed_since", "golden_ids", "party"]

FIELDS = (
    "code", "active", "name", "replaced_by.code", "create_date", "write_date",
    "_timestamp",
    "identifiers.code", "identifiers.type", "identifiers.active", "identifiers.create_date", "identifiers.write_date",
    "contact_mechanisms.type", "contact_mechanisms.value", "contact_mechanisms.name", "contact_mechanisms.active",
    "contact_mechanisms.create_date", "contact_mechanisms.write_date",
    "addresses.street_single_line", "addresses.city", "addresses.postal_code", "addresses.country.code",
    "addresses.subdivision.code", "addresses.active", "addresses.create_date", "addresses.write_date",
)  # fmt: skip
_PARTS = ("identifiers", "contact_mechanisms", "addresses")
_DATES = ("create_date", "write_date")
PHONES = ("phone", "mobile")


@dataclass(frozen=True, slots=True)
class Entry:
    """An identifier or a contact mechanism: `name` says whose it is, where there is a name."""

    id: int
    type: str
    value: str
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class Party:
    """A party with what is needed to change it: only the one that bears this `stamp` is still as it was read."""

    id: int
    stamp: str
    name: str
    identifiers: tuple[Entry, ...]
    contacts: tuple[Entry, ...]
    account: ErpAccount


def changed_since(since: datetime) -> list[Any]:
    """Return the condition that a party or something of it changed then or later."""
    moment = since.astimezone(UTC)
    told = {
        "__class__": "datetime", "year": moment.year, "month": moment.month, "day": moment.day,
        "hour": moment.hour, "minute": moment.minute, "second": moment.second, "microsecond": moment.microsecond,
    }  # fmt: skip
    # What belongs to a party can change while the party does not; what was never changed has no date of that.
    places = [f"{part}{date}" for part in ("", *(f"{part}." for part in _PARTS)) for date in _DATES]
    return ["OR", *([place, ">=", told] for place in places)]


def party(told: Any, reference: str, system: str) -> Party:
    """Return the party that an answer tells of. `reference` marks what is ours there."""
    try:
        return _party(told, reference)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise unreadable(system, "it is no party") from None


def golden_ids(identifiers: Iterable[Entry], reference: str) -> tuple[tuple[Entry, GoldenId], ...]:
    """Return the identifiers that are references of ours, and what they refer to."""
    mark = f"{reference}:"
    return tuple(
        (each, GoldenId(each.value.removeprefix(mark)))
        for each in identifiers
        if not each.type and each.value.startswith(mark)
    )


def _party(told: Mapping[str, Any], reference: str) -> Party:
    identifiers = tuple(_entry(each, "code") for each in told["identifiers."])
    contacts = tuple(_entry(each, "value") for each in told["contact_mechanisms."])
    own = [each for each in contacts if each.name != reference]
    ours = [each for each in contacts if each.name == reference]
    replaced, reached = told["replaced_by."], _reached(own)
    name = str(told["name"] or "")
    attributes = {
        "full_name": name,
        **{attribute: values[0] for attribute, values in reached.items()},
        **_place(told["addresses."]),
        "tax_id": next((each.value for each in identifiers if each.active and each.type), ""),
    }
    account = ErpAccount(
        number=str(told["code"]),
        active=bool(told["active"]),
        references=tuple(golden for each, golden in golden_ids(identifiers, reference) if each.active),
        changed_at=max(
            _moment(part[date]) for part in (told, *_parts(told)) for date in _DATES if part[date]
        ),
        replaced_by=str(replaced["code"]) if replaced else None,
        attributes={name: value for name, value in attributes.items() if value},
        told={attribute: values[-1] for attribute, values in _reached(ours).items()},
        others={attribute: values[1:] for attribute, values in reached.items() if values[1:]},
    )
    return Party(int(told["id"]), str(told["_timestamp"]), name, identifiers, contacts, account)


def _parts(told: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return (each for part in _PARTS for each in told[f"{part}."])


def _entry(told: Mapping[str, Any], value: str) -> Entry:
    kind, name = told["type"] or "", told.get("name") or ""
    return Entry(int(told["id"]), str(kind), str(told[value]), str(name), bool(told["active"]))


def _reached(contacts: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    """Return the e-mail addresses and the phone numbers in use, in Tryton's order."""
    found: dict[str, tuple[str, ...]] = {}
    for each in contacts:
        attribute = "phone" if each.type in PHONES else each.type
        if each.active and attribute in ("email", "phone"):
            found[attribute] = (*found.get(attribute, ()), each.value)
    return found


def _place(addresses: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    first = next((each for each in addresses if each["active"]), None)
    if first is None:
        return {}
    country, region = first["country."] or {}, first["subdivision."] or {}
    return {
        "street_address": first["street_single_line"] or "",
        "city": first["city"] or "",
        "postcode": first["postal_code"] or "",
        "country": country.get("code") or "",
        # ISO 3166-2: the part behind the country.
        "region": (region.get("code") or "").partition("-")[2],
    }


def _moment(told: Mapping[str, Any]) -> datetime:
    """Return a moment that Tryton tells: in UTC, without saying so."""
    names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    year, month, day, hour, minute, second, micro = (int(told[name]) for name in names)
    return datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)
