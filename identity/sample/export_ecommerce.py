"""`ecommerce.jsonl`: one customer per line, as a web shop's interface gives them out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from identity.sample.columns import Column, Generator, blank, column, each, hits, pick
from identity.sample.consents import AWAITING, GRANTED, REFUSED, UNKNOWN, WITHDRAWN
from identity.sample.faults import Spoiling, next_number, plant
from identity.sample.records import Records, moments

FILE: Final = "ecommerce.jsonl"
STATES: Final = {"enabled": 0.55, "disabled": 0.40, "invited": 0.05}
NOTES: Final = {
    None: 0.94,
    "Prefers pickup": 0.02,
    "Leave at the back door": 0.02,
    "Called about a return": 0.02,
}
TAGS: Final = ("newsletter", "vip", "wholesale", "returns-often", "app")
TAG_SHARES: Final = (0.18, 0.05, 0.01, 0.03, 0.20)
PHONE_TAGS: Final = {GRANTED: "call-ok", REFUSED: "no-calls"}
MARKETING: Final = {
    UNKNOWN: "not_subscribed",
    GRANTED: "subscribed",
    REFUSED: "not_subscribed",
    WITHDRAWN: "unsubscribed",
    AWAITING: "pending",
}
OPT_IN: Final = ("single_opt_in", "confirmed_opt_in", "unknown")
PHONE_AT_ADDRESS: Final = 0.6
LATER: Final = "2025-12-31T23:59:00Z"

Customer = dict[str, Any]


def write(rng: Generator, records: Records, planted: int, path: Path) -> int:
    """Lines written."""
    lines = [json.dumps(customer, ensure_ascii=False) for customer in _customers(rng, records)]
    lines = plant(rng, lines, planted, Spoiling(_without_id, _cut_short, _again))
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)
    return len(lines)


def _customers(rng: Generator, records: Records) -> Iterator[Customer]:
    count = len(records.email)
    columns = (
        records.entries.key,
        records.given_name,
        records.family_name,
        records.email,
        records.phone,
        moments(records.entries.created),
        records.observed_at,
        hits(rng, count, 0.8),
        column(STATES)[pick(rng, count, list(STATES.values()))],
        _tags(rng, records),
        np.array(list(NOTES), dtype=np.object_)[pick(rng, count, list(NOTES.values()))],
        _consents(rng, records, "email"),
        _consents(rng, records, "sms"),
        _addresses(rng, records),
        _metafields(records),
    )
    for values in zip(*(c if isinstance(c, list) else c.tolist() for c in columns), strict=True):
        yield _customer(*values)


def _customer(key: str, given: str, family: str, email: str, phone: str, *rest: Any) -> Customer:
    created, updated, verified, state, tags, note, by_email, by_sms, address, metafields = rest
    optional = {"metafields": metafields} if metafields else {}
    return {
        "id": int(key),
        "first_name": given or None,
        "last_name": family or None,
        "email": email or None,
        "phone": phone or None,
        "created_at": created,
        "updated_at": updated,
        "verified_email": bool(email) and verified,
        "state": state,
        "tags": tags,
        "note": note,
        "email_marketing_consent": by_email,
        "sms_marketing_consent": by_sms,
        "default_address": address,
    } | optional


def _tags(rng: Generator, records: Records) -> Column:
    """Tags as one text; they also tell who may be called."""
    count = len(records.email)
    tags = column(PHONE_TAGS.get(code, "") for code in records.consents.state["phone"].tolist())
    for tag, share in zip(TAGS, TAG_SHARES, strict=True):
        tags = np.where(
            hits(rng, count, share),
            each(lambda old, new: f"{old}, {new}" if old else new, tags, _all(tag, count)),
            tags,
        )
    return tags


def _all(text: str, count: int) -> Column:
    return np.full(count, text, dtype=np.object_)


def _consents(rng: Generator, records: Records, channel: str) -> list[Customer | None]:
    state, changed = records.consents.state[channel], moments(records.consents.changed[channel])
    opt_in = rng.integers(0, 2, len(state))
    silent = (
        None
        if channel == "sms"
        else {"state": "not_subscribed", "opt_in_level": None, "consent_updated_at": None}
    )
    return [
        {"state": MARKETING[code], "opt_in_level": OPT_IN[level], "consent_updated_at": when}
        if code
        else silent
        for code, level, when in zip(state.tolist(), opt_in.tolist(), changed.tolist(), strict=True)
    ]


def _addresses(rng: Generator, records: Records) -> list[Customer | None]:
    phone = np.where(
        hits(rng, len(records.email), PHONE_AT_ADDRESS), records.phone, blank(len(records.email))
    )
    names = ("address1", "city", "province_code", "zip", "country_code", "phone")
    fields = (records.street_address, records.city, records.region, records.postcode, records.country, phone)
    rows = zip(*(field.tolist() for field in fields), strict=True)
    return [_address(dict(zip(names, row, strict=True))) for row in rows]


def _address(fields: dict[str, str]) -> Customer | None:
    """The address, its second line kept in the first; nothing where no part of it is known."""
    if not any(value for name, value in fields.items() if name != "phone"):
        return None
    known = {name: value or None for name, value in fields.items()}
    return {"address1": known.pop("address1"), "address2": None, **known}


def _metafields(records: Records) -> list[Customer]:
    births = np.where(records.impossible, "1984-02-31", records.birth_date)
    pairs = zip(births.tolist(), records.loyalty_id.tolist(), strict=True)
    return [{k: v for k, v in (("birth_date", b), ("loyalty_member_number", n)) if v} for b, n in pairs]


def _without_id(line: str) -> str:
    return json.dumps({k: v for k, v in json.loads(line).items() if k != "id"}, ensure_ascii=False)


def _cut_short(line: str) -> str:
    """Half a line, under a key that no other has."""
    customer = json.loads(line)
    whole = json.dumps(customer | {"id": int(next_number(str(customer["id"])))}, ensure_ascii=False)
    return whole[: len(whole) // 2]


def _again(line: str) -> str:
    return json.dumps(json.loads(line) | {"updated_at": LATER}, ensure_ascii=False)
