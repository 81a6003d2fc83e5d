# ruff: noqa: E501
"""The corpus in signed messages: each is taken or quarantined under its code, and never asked for again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import Api, at
from tests.corpus.bodies import BODIES
from tests.corpus.cases import Case, Outcome
from tests.corpus.naughty import NAUGHTY
from tests.corpus.sharing import share
from tests.corpus.values import VALUES
from tests.intake.signing import SECRETS, SHOPIFY, standard

__all__ = ["at"]

_FIELDS = {
    "given_name": "first_name", "family_name": "last_name", "email": "email", "phone": "phone", "street_address": "default_address.address1",
    "city": "default_address.city", "region": "default_address.province_code", "postcode": "default_address.zip",
    "country": "default_address.country_code", "birth_date": "metafields.birth_date", "loyalty_id": "metafields.loyalty_member_number",
}  # fmt: skip
_STRICT = {"E363": "E313", "E364": "E314", "E365": "E315"}
"""What is kept with a warning in canonical columns, shops' rules set aside."""


@pytest.fixture
def lite(at: Callable[..., Api], sqlite_url: str) -> Api:
    return at(sqlite_url, intake=SECRETS, intake_rate="100000/second")


@pytest.fixture
def api(at: Callable[..., Api], url: str) -> Api:
    return at(url, intake=SECRETS, intake_rate="100000/second")


def shopify(api: Api, content: bytes, n: int, topic: str = "customers/update") -> Any:
    signature = base64.b64encode(hmac.digest(SHOPIFY[0].encode(), content, hashlib.sha256)).decode()
    headers = {"X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": f"m{n}", "X-Shopify-Hmac-Sha256": signature}
    answer = api.http.post("/v1/intake/shopify/ecommerce", content=content, headers=headers)
    assert answer.status_code < 500, (content[:120], answer.text)
    return answer


def customer(n: int, case: Case) -> dict[str, Any]:
    told: dict[str, Any] = {"id": 1_000 + n, "updated_at": "2026-03-01T12:00:00Z"}
    outer, _, inner = _FIELDS[case.attribute].partition(".")
    return {**told, outer: {inner: case.text} if inner else case.text}


def test_every_text_is_taken_or_quarantined_under_its_code(api: Api) -> None:
    on_postgresql = not api.service.settings.database_url.startswith("sqlite")
    cases = share([case for case in VALUES if case.attribute in _FIELDS], 180 if on_postgresql else 80)
    wrong = []
    for n, case in enumerate(cases):
        content = json.dumps(customer(n, case)).encode()
        if len(content) > 2**20:
            continue
        answer = shopify(api, content, n)
        assert answer.status_code == 200, answer.text
        due = case.told if case.outcome is Outcome.SET_ASIDE else _STRICT.get(case.warned, "")
        if (answer.json()["outcome"] == "quarantined", answer.json()["code"] or "") != (bool(due), due):
            wrong.append((case, answer.json(), due))
    assert wrong == []


def test_every_body_that_is_signed_is_answered_as_foreseen(lite: Api) -> None:
    for n, (body, _) in enumerate(share(BODIES, 8)):
        for topic in ("customers/update", "customers/delete", "customers/redact", "shop/redact", "no/topic"):
            assert shopify(lite, body, n * 10 + len(topic), topic).status_code in (200, 400, 409, 413, 422)


def test_no_depth_of_nesting_is_one_too_many(lite: Api) -> None:
    for n, depth in enumerate(
        (100, 190, 210, 500, 800, 850, 900, 930, 950, 960, 970, 980, 990, 1_000, 1_100, 3_000)
    ):
        nested = "[" * depth + "]" * depth
        content = f'{{"id": {n}, "updated_at": "2026-03-01T12:00:00Z", "note": {nested}}}'.encode()
        assert shopify(lite, content, n).status_code == (200 if depth < 200 else 400)


def test_loyalty_members_may_be_called_anything(lite: Api) -> None:
    for n, text in enumerate(share(NAUGHTY, 60)):
        told = {
            "member_number": f"L{n}",
            **dict.fromkeys(("first_name", "last_name", "email", "mobile", "city"), text),
        }
        message = {"type": "member.updated", "timestamp": "2026-03-01T12:00:00Z", "data": told}
        answer = lite.http.post(**standard(message, f"m{n}"))
        assert answer.status_code == 200, answer.text
        assert answer.json()["outcome"] in ("accepted", "quarantined")
        for strange in ({**message, "timestamp": text}, {**message, "type": text}, {**message, "data": text}):
            answer = lite.http.post(**standard(strange, f"s{n}{len(str(strange))}"))
            assert answer.status_code in (200, 409, 422), answer.text


def test_headers_may_hold_anything(lite: Api) -> None:
    content = json.dumps({"id": 1, "updated_at": "2026-03-01T12:00:00Z"}).encode()
    for text in share(
        [text for text in NAUGHTY if text.isascii() and text.isprintable() and text == text.strip()], 12
    ):
        headers = dict.fromkeys(
            ("X-Shopify-Topic", "X-Shopify-Webhook-Id", "X-Shopify-Hmac-Sha256", "X-Shopify-Triggered-At"),
            text,
        )
        answer = lite.http.post("/v1/intake/shopify/ecommerce", content=content, headers=headers)
        assert answer.status_code == 401
        names = dict.fromkeys(("webhook-id", "webhook-timestamp", "webhook-signature"), text)
        assert lite.http.post("/v1/intake/loyalty/loyalty", content=content, headers=names).status_code == 401
