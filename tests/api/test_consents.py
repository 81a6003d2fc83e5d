"""What people allow, over HTTP: told once, asked in bulk, proven, taken back by a link."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.test_routes import BERT, INES

MAIL = {"purpose": "marketing", "channel": "email"}


def tell(api: Api, status: str, headers: dict[str, str] | None = None, **about: Any) -> Any:
    return api.post("/v1/consents", {"acts": [{**MAIL, "status": status, **about}]}, **(headers or {}))


def check(api: Api, *keys: dict[str, Any], **asked: str) -> list[tuple[bool, str]]:
    answer = api.post("/v1/consents:check", {**MAIL, **asked, "keys": list(keys)})
    assert answer.status_code == 200, answer.text
    return [(each["allowed"], each["reason"]) for each in answer.json()["answers"]]


def test_what_is_told_holds_at_once_and_is_told_with_reasons(api: Api) -> None:
    golden_id = api.tell("loyalty", "7", **INES)["golden_id"]
    answer = tell(
        api, "granted", email=INES["email"].upper(), basis="consent", jurisdiction="eu", evidence="form 7"
    )
    assert answer.status_code == 200, answer.text
    (fact,) = answer.json()["facts"]
    assert fact["profiles"] == [{"golden_id": golden_id, "status": "granted"}]
    assert api.get(f"/v1/profiles/{golden_id}").json()["consents"] == {"marketing.email": "granted"}
    told = api.get(f"/v1/profiles/{golden_id}/consents").json()
    (consent,) = told["consents"]
    assert (consent["status"], consent["reason"], consent["since"]) == (
        "granted",
        "granted",
        fact["captured_at"],
    )
    assert (told["facts"][0]["basis"], told["facts"][0]["evidence"]) == ("consent", "form 7")
    masked = api.http.get(f"/v1/profiles/{golden_id}/consents", headers=api.headers("consents:read")).json()
    assert masked["facts"][0]["evidence"] is None
    assert INES["email"] not in str(masked)
    assert masked["consents"][0]["identifiers"][0]["kind"] == "email"


def test_a_receipt_names_nobody(api: Api) -> None:
    golden_id = api.tell("loyalty", "7", **INES)["golden_id"]
    fact_id = tell(api, "withdrawn", golden_id=golden_id, notice_version="v3").json()["facts"][0]["fact_id"]
    receipt = api.get(f"/v1/consents/{fact_id}/receipt").json()
    assert receipt["schema_version"] == "ISO/IEC TS 27560:2023"
    assert receipt["pii_principal_id"] == [golden_id]
    assert receipt["event"]["event_state"] == "consent_withdrawn"
    assert receipt["pii_processing"]["privacy_notice"] == "v3"
    assert api.get("/v1/consents/nothing/receipt").status_code == 404


def test_a_key_tells_once_also_when_the_answer_was_lost(api: Api) -> None:
    api.tell("loyalty", "7", **INES)
    first = tell(api, "granted", {"Idempotency-Key": "one"}, email=INES["email"])
    again = tell(api, "granted", {"Idempotency-Key": "one"}, email=INES["email"])
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert tell(api, "denied", {"Idempotency-Key": "one"}, email=INES["email"]).status_code == 409


def test_many_are_checked_at_once_each_with_a_reason(api: Api) -> None:
    ines, bert = (api.tell("pos", name, **who)["golden_id"] for name, who in (("1", INES), ("2", BERT)))
    tell(api, "granted", golden_id=ines)
    tell(api, "objected", source="pos", source_record_id="2")
    keys = [
        {"golden_id": ines},
        {"email": INES["email"]},
        {"golden_id": bert},
        {"email": "nobody@example.com"},
    ]
    assert check(api, *keys, jurisdiction="eu") == [
        (True, "granted"), (True, "granted"), (False, "objected"), (False, "unknown_person"),
    ]  # fmt: skip
    assert check(api, {"golden_id": ines}, channel="sms", jurisdiction="eu") == [(False, "never_asked")]
    assert check(api, {"golden_id": ines}, channel="sms", jurisdiction="us") == [(True, "not_refused")]


def test_a_signal_says_all_that_it_stands_for(api: Api) -> None:
    golden_id = api.tell("pos", "1", **INES)["golden_id"]
    told = api.post("/v1/consents", {"acts": [{"golden_id": golden_id, "signal": "gpc"}]})
    assert {(each["purpose"], each["status"]) for each in told.json()["facts"]} == {
        ("sale", "objected"),
        ("targeted_advertising", "objected"),
    }


def test_a_link_to_unsubscribe_follows_the_survivor(api: Api) -> None:
    ines, bert = (api.tell("pos", name, **who)["golden_id"] for name, who in (("1", INES), ("2", BERT)))
    minted = api.post("/v1/unsubscribe-tokens", {**MAIL, "golden_ids": [ines, bert]}).json()["tokens"]
    merged = api.post("/v1/merges", {"profile_ids": [ines, bert]}).json()
    (gone,) = (each["retired"] for each in merged["redirects"])
    (token,) = (each["token"] for each in minted if each["golden_id"] == gone)
    page = api.headers("unsubscribe", client="page")
    answer = api.http.post("/v1/unsubscribe", json={"token": token}, headers=page)
    assert answer.json() == {
        "unsubscribed": True,
        "profiles": [{"golden_id": merged["golden_id"], "status": "withdrawn"}],
    }
    assert api.http.post("/v1/consents", json={"acts": []}, headers=page).status_code == 403
    followed = api.get(f"/v1/profiles/{gone}/consents").json()
    assert (followed["golden_id"], followed["redirected_from"]) == (merged["golden_id"], gone)


@pytest.mark.parametrize(
    "act",
    [
        {"email": "a@example.com"},
        {**MAIL, "status": "granted"},
        {**MAIL, "status": "granted", "email": "a@example.com", "phone": "1"},
        {**MAIL, "status": "granted", "email": "a@example.com", "signal": "gpc"},
        {**MAIL, "status": "granted", "email": "nothing"},
        {"purpose": "magic", "channel": "email", "status": "granted", "email": "a@example.com"},
        {**MAIL, "status": "granted", "email": "a@example.com", "jurisdiction": "moon"},
        {"email": "a@example.com", "signal": "smoke"},
        {**MAIL, "status": "granted", "source": "pos"},
    ],
)
def test_what_makes_no_sense_is_refused_without_being_repeated(api: Api, act: dict[str, Any]) -> None:
    answer = api.post("/v1/consents", {"acts": [act]})
    assert answer.status_code == 422, answer.text
    assert "a@example.com" not in answer.text
    assert "magic" not in answer.text


def test_a_profile_shows_what_its_person_allows_now_not_what_a_record_once_said(api: Api) -> None:
    yes = {"marketing.email": {"status": "granted"}, "marketing.sms": {"status": "granted"}}
    golden_id = api.tell("loyalty", "7", **INES, consents=yes)["golden_id"]
    tell(api, "withdrawn", email=INES["email"])
    read = api.get(f"/v1/profiles/{golden_id}?purpose=marketing&include=records").json()
    assert read["values"]["email"] != INES["email"]
    assert read["records"][0]["attributes"]["email"] != INES["email"]


def test_what_has_run_out_is_no_yes_for_readers(api: Api) -> None:
    golden_id = api.tell("loyalty", "7", **INES)["golden_id"]
    soon = datetime.now(UTC) + timedelta(seconds=1)
    tell(api, "granted", golden_id=golden_id, expires_at=soon.isoformat())
    address = f"/v1/profiles/{golden_id}?purpose=marketing"
    assert api.get(address).json()["values"]["email"] == INES["email"]
    while datetime.now(UTC) <= soon:
        pass
    assert api.get(address).json()["code"] == "PURPOSE_REFUSED"
    assert api.get(f"/v1/profiles/{golden_id}").json()["consents"] == {"marketing.email": "unknown"}
