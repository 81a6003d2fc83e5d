"""Every text of the corpus told to the API, and asked of it: an answer that is foreseen, whatever it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from identity.commands.work_off import work_off
from identity.model.record import CANONICAL_ATTRIBUTES, RecordKey
from tests.api.conftest import Api, at
from tests.corpus.cases import Case, Outcome
from tests.corpus.naughty import NAUGHTY
from tests.corpus.sharing import share
from tests.corpus.values import VALUES

__all__ = ["at"]

_AT_ONCE = 500
_BYTES = 3_000_000
_IDENTIFIERS = ("email", "phone", "loyalty_id", "tax_id")
_MAIL = {"purpose": "marketing", "channel": "email"}


@pytest.fixture
def api(at: Callable[..., Api], url: str) -> Api:
    return at(url)


@pytest.fixture
def lite(at: Callable[..., Api], sqlite_url: str) -> Api:
    return at(sqlite_url)


def half(text: str) -> bool:
    """Say whether a text cannot be spelt but by escapes."""
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def post(api: Api, path: str, body: Any) -> Any:
    """Send a body as JSON, with escapes where there are no characters."""
    headers = {**api.headers(), "Content-Type": "application/json"}
    answer = api.http.post(path, content=json.dumps(body).encode(), headers=headers)
    assert answer.status_code < 500, (answer.status_code, path, str(body)[:200])
    assert "Traceback" not in answer.text
    return answer


def told(n: int, case: Case) -> dict[str, str]:
    return {"source": "pos", "source_record_id": f"case-{n}", case.attribute: case.text}


def batches(records: Sequence[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    """Yield the records in lots that a request may hold."""
    lot: list[dict[str, str]] = []
    size = 0
    for record in records:
        length = len(json.dumps(record))
        if lot and (len(lot) == _AT_ONCE or size + length > _BYTES):
            yield lot
            lot, size = [], 0
        lot.append(record)
        size += length
    yield lot


def test_every_text_is_taken_or_refused_by_number_and_stops_no_other(api: Api) -> None:
    on_postgresql = not api.service.settings.database_url.startswith("sqlite")
    cases = share(VALUES, 6 if on_postgresql else 2)
    records = [told(n, case) for n, case in enumerate(cases)]
    results = [
        result
        for lot in batches(records)
        for result in post(api, "/v1/records:batch", {"records": lot}).json()["results"]
    ]
    wrong = []
    for case, result in zip(cases, results, strict=True):
        code = result["problem"]["code"] if result["problem"] else ""
        due = case.told if case.outcome is Outcome.SET_ASIDE else ""
        if code != due or (result["outcome"] == "refused") != bool(due):
            wrong.append((case.family, case.attribute, case.text[:40], result))
    assert wrong == []
    stored_as_told(api, {RecordKey("pos", f"case-{n}"): case for n, case in enumerate(cases)})


def stored_as_told(api: Api, cases: dict[RecordKey, Case]) -> None:
    with api.service.store.look() as look:
        found = look.stored(list(cases))
    taken = {key: case for key, case in cases.items() if case.outcome is not Outcome.SET_ASIDE}
    assert found.keys() == taken.keys()
    for key, case in taken.items():
        assert dict(found[key].record.attributes) == ({case.attribute: case.text} if case.text else {})


def test_a_record_alone_is_refused_under_the_same_number(lite: Api) -> None:
    for n, case in enumerate(share([case for case in VALUES if case.outcome is Outcome.SET_ASIDE], 4)):
        answer = post(lite, "/v1/records", told(n, case))
        assert answer.status_code == 422
        assert answer.json()["code"] == case.told
        assert case.text not in answer.text


def test_anything_may_be_looked_up_matched_and_searched(lite: Api) -> None:
    lite.tell("pos", "1", given_name="Ines", family_name="Okafor", email="ines@acme.example")
    for text in share([case.text for case in VALUES if 0 < len(case.text) <= 1_000], 150) + share(
        NAUGHTY, 40
    ):
        for kind in (*_IDENTIFIERS, "golden_id"):
            assert post(lite, "/v1/lookup", {kind: text}).status_code in (200, 404, 422)
        assert post(lite, "/v1/lookup", {"source": text, "source_record_id": text}).status_code in (
            200,
            404,
            422,
        )
        assert post(lite, "/v1/search", {"family_name": text, "given_name": text}).status_code in (200, 422)
        record = dict.fromkeys(CANONICAL_ATTRIBUTES, text)
        assert post(lite, "/v1/match", {"record": record}).status_code in (200, 422)


def test_all_identifiers_of_the_corpus_are_looked_up_at_once(lite: Api) -> None:
    asked = [
        {case.attribute: case.text}
        for case in VALUES
        if case.attribute in _IDENTIFIERS
        and 0 < len(case.text) <= 1_000
        and not half(case.text)  # which refuses the request
    ]
    for start in range(0, len(asked), 500):
        answer = post(lite, "/v1/lookup:batch", {"keys": asked[start : start + 500]})
        assert answer.status_code == 200
        assert {each["status"] for each in answer.json()["answers"]} <= {"unknown", "shared", "live"}


def test_consents_of_anybody_and_with_any_evidence_are_told_or_refused(lite: Api) -> None:
    for text in share([c.text for c in VALUES if c.attribute == "email" and 0 < len(c.text) <= 1_000], 6):
        answer = post(lite, "/v1/consents", {"acts": [{**_MAIL, "status": "granted", "email": text}]})
        assert answer.status_code in (200, 404, 422), answer.text
        assert post(lite, "/v1/consents:check", {**_MAIL, "keys": [{"email": text}]}).status_code in (
            200,
            422,
        )
    for text in share(NAUGHTY, 12):
        act = {
            **_MAIL,
            "status": "granted",
            "email": "ines@acme.example",
            "evidence": text,
            "told_by": text[:200],
        }
        assert post(lite, "/v1/consents", {"acts": [act]}).status_code in (200, 422)
        strange = {**act, "evidence": None, "purpose": text, "channel": text, "jurisdiction": text}
        assert post(lite, "/v1/consents", {"acts": [strange]}).status_code == 422


def test_every_naughty_string_may_stand_in_every_attribute(lite: Api) -> None:
    texts = share(NAUGHTY, 2)
    records = [
        {"source": "pos", "source_record_id": f"n{n}", **dict.fromkeys(CANONICAL_ATTRIBUTES, text)}
        for n, text in enumerate(texts)
    ]
    results = [
        r
        for lot in batches(records)
        for r in post(lite, "/v1/records:batch", {"records": lot}).json()["results"]
    ]
    assert len(results) == len(texts)
    refused = {text: r["problem"]["code"] for text, r in zip(texts, results, strict=True) if r["problem"]}
    assert set(refused.values()) <= {"E302", "E303", "E316"}
    assert len(refused) < 10, refused


def test_every_naughty_string_may_be_an_id(lite: Api) -> None:
    for text in share(NAUGHTY, 24):
        answer = post(lite, "/v1/records", {"source": "pos", "source_record_id": text, "given_name": "Ines"})
        assert answer.status_code in (200, 422)
        if answer.status_code == 200:
            assert answer.json()["source_record_id"] == text
            asked = {"source": "pos", "source_record_id": text}
            assert post(lite, "/v1/lookup", asked).json()["golden_id"] == answer.json()["golden_id"]


def test_an_upload_of_everything_is_counted_to_the_row(lite: Api) -> None:
    cases = share(VALUES, 4)
    content = "".join(json.dumps(told(n, case)) + "\n" for n, case in enumerate(cases)).encode()
    headers = {**lite.headers(), "Content-Type": "application/x-ndjson"}
    answer = lite.http.post("/v1/uploads?source=pos", content=content, headers=headers)
    work_off(lite.service)
    report = lite.get(answer.headers["location"]).json()["report"]
    aside = sum(case.outcome is Outcome.SET_ASIDE for case in cases)
    assert [report[name] for name in ("rows", "accepted", "quarantined", "rejected")] == [
        len(cases), len(cases) - aside, aside, 0,
    ]  # fmt: skip
    assert len(lite.get(f"{answer.headers['location']}/quarantine?limit=1000").json()["rows"]) >= aside
