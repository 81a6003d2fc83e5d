"""What people ask about themselves, over HTTP: checked before it is done, done once, and confirmed."""

from __future__ import annotations

from typing import Any

import pytest

from api.scopes import Scope
from identity.model.errors import StoreError
from identity.ports.requests import Asking, Begun
from tests.api.conftest import Api
from tests.api.test_routes import BERT, INES


def asked(api: Api, golden_id: str, kind: str = "erasure", **headers: str) -> Any:
    answer = api.post("/v1/privacy-requests", {"kind": kind, "golden_id": golden_id}, **headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def erased(api: Api, golden_id: str) -> Any:
    request = asked(api, golden_id)
    path = f"/v1/privacy-requests/{request['request_id']}"
    assert api.post(f"{path}/verify", {"check": "She showed her card."}).status_code == 200
    answer = api.post(f"{path}/carry-out", {})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_erasure_is_checked_first_and_then_nothing_is_left(api: Api) -> None:
    ines = api.tell("pos", "1", **INES)["golden_id"]
    api.tell("ecommerce", "7", **INES)
    request = asked(api, ines)
    assert (request["status"], request["receipts"]) == ("received", [])
    path = f"/v1/privacy-requests/{request['request_id']}"
    early = api.post(f"{path}/carry-out", {})
    assert (early.status_code, early.json()["code"]) == (409, "NOT_CHECKED")
    assert api.post(f"{path}/verify", {"check": " "}).status_code == 422
    done = erased(api, ines)
    assert (done["status"], done["report"]["records"]) == ("done", 2)
    assert api.get(f"/v1/profiles/{ines}").status_code == 410
    assert api.post("/v1/lookup", {"golden_id": ines}).status_code == 410
    assert api.post("/v1/lookup", {"email": INES["email"]}).status_code == 404
    back = api.post("/v1/records", {"source": "pos", "source_record_id": "1", **INES})
    assert (back.status_code, back.json()["code"]) == (422, "E323")
    again = asked_again = api.post("/v1/privacy-requests", {"kind": "erasure", "golden_id": ines})
    assert asked_again is again
    assert again.status_code in (200, 409)


def test_who_was_told_confirms(api: Api) -> None:
    ines = api.tell("pos", "1", **INES)["golden_id"]
    done = erased(api, ines)
    path = f"/v1/privacy-requests/{done['request_id']}/receipts"
    (event,) = [e for e in api.get("/v1/events").json()["events"] if e["type"] == "customer.erased"]
    assert event["data"]["erasure_id"] == done["request_id"]
    headers = api.headers(Scope.RECEIPTS_WRITE, client="loyalty")
    for status in ("held_by_law", "done"):
        assert api.http.post(path, json={"status": status}, headers=headers).status_code == 200
    told = api.get(f"/v1/privacy-requests/{done['request_id']}").json()
    assert [(each["consumer"], each["status"]) for each in told["receipts"]] == [("loyalty", "done")]


def test_answers_that_are_remembered_under_a_key_forget_who_was_erased(api: Api) -> None:
    key = {"Idempotency-Key": "k"}
    record = {"source": "pos", "source_record_id": "1", **INES}
    first = api.post("/v1/records", record, **key)
    erased(api, first.json()["golden_id"])
    again = api.post("/v1/records", record, **key)
    assert (again.status_code, again.json()["code"]) == (410, "ERASED")


def test_everything_that_is_held_is_told_and_nothing_of_anybody_else(api: Api) -> None:
    ines = api.tell("pos", "1", **INES, consents={"marketing.email": {"status": "granted"}})["golden_id"]
    api.tell("pos", "2", **BERT)
    request = asked(api, ines, "access")
    answer = api.get(f"/v1/privacy-requests/{request['request_id']}/person")
    assert answer.status_code == 200
    person = answer.json()
    assert person["profile"]["email"]["value"] == INES["email"]
    assert [record["source_record_id"] for record in person["records"]] == ["1"]
    assert person["consents"] == {"marketing.email": "granted"}
    assert BERT["email"] not in answer.text
    blind = api.http.get(
        f"/v1/privacy-requests/{request['request_id']}/person", headers=api.headers(Scope.PRIVACY)
    )
    assert blind.status_code == 403


def test_a_request_is_made_once_under_a_key_and_refused_with_a_reason(api: Api) -> None:
    ines = api.tell("pos", "1", **INES)["golden_id"]
    one, two = (asked(api, ines, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert one == two
    path = f"/v1/privacy-requests/{one['request_id']}"
    refused = api.post(f"{path}/refuse", {"reason": "Somebody else asked."}).json()
    assert (refused["status"], refused["reason"]) == ("refused", "Somebody else asked.")
    closed = api.post(f"{path}/verify", {"check": "x"})
    assert (closed.status_code, closed.json()["code"]) == (409, "NOT_OPEN")
    assert [each["request_id"] for each in api.get("/v1/privacy-requests").json()["requests"]] == [
        one["request_id"]
    ]


@pytest.mark.parametrize("path", ["", "/verify", "/carry-out", "/person"])
def test_nobody_knows_a_request_that_was_not_made(api: Api, path: str) -> None:
    method = "get" if path in ("", "/person") else "post"
    body = {} if method == "get" else {"json": {"check": "x"} if path == "/verify" else {}}
    answer = getattr(api.http, method)(f"/v1/privacy-requests/nobody{path}", headers=api.headers(), **body)
    assert (answer.status_code, answer.json()["code"]) == (404, "E524")


def test_a_decision_whose_answer_was_lost_is_told_when_it_is_asked_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(api, api.tell("pos", "1", **INES)["golden_id"])
    path, log = f"/v1/privacy-requests/{request['request_id']}", api.app.state.context.requests

    def died(asking: Asking, begun: Begun, *_: object) -> None:
        log.release(asking, begun)
        raise StoreError("E415", "The database let go of the connection.")

    for step, body in (("verify", {"check": "She showed her card."}), ("carry-out", {})):
        key = {"Idempotency-Key": step}
        with monkeypatch.context() as patch:
            patch.setattr(type(log), "finish", lambda _, *told: died(*told))
            assert api.post(f"{path}/{step}", body, **key).status_code == 503
        answer = api.post(f"{path}/{step}", body, **key)
        assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "done"
