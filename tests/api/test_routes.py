"""What integrators rely on: records in, profiles out, decisions taken once and taken back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from identity.model.record import RecordKey
from tests.api.conftest import Api

INES = {
    "given_name": "Ines",
    "family_name": "Okafor",
    "email": "ines@example.com",
    "birth_date": "1980-02-03",
    "phone": "(212) 555-0142",
}
BERT = {"given_name": "Bert", "family_name": "Sommer", "email": "bert@sommer.example"}


def two(api: Api) -> tuple[str, str]:
    ines, bert = api.tell("pos", "1", **INES), api.tell("shop", "3", **BERT)
    return ines["golden_id"], bert["golden_id"]


def test_a_record_is_resolved_as_it_is_told(api: Api) -> None:
    first = api.tell("pos", "1", **INES)
    second = api.tell("erp", "a/2", **INES)
    assert (first["outcome"], first["decision"]) == ("accepted", "no_match")
    assert (second["golden_id"], second["decision"]) == (first["golden_id"], "match")
    assert second["match_weight"] > 0
    assert api.tell("erp", "a/2", **INES)["outcome"] == "unchanged"


def test_a_record_is_put_and_deleted_under_its_name(api: Api) -> None:
    put = api.http.put("/v1/records/erp/a%2F2", json=INES, headers=api.headers()).json()
    assert api.get("/v1/crosswalk/erp/a%2F2").json()["golden_id"] == put["golden_id"]
    gone = api.http.delete("/v1/records/erp/a%2F2", headers=api.headers()).json()
    assert gone["outcome"] == "deleted"
    assert api.get("/v1/crosswalk/erp/a%2F2").status_code == 404


def test_a_record_may_have_a_line_break_in_its_name(api: Api) -> None:
    told = api.tell("pos", "a\nb/c\n", **INES)
    assert api.get("/v1/crosswalk/pos/a%0Ab%2Fc%0A").json()["golden_id"] == told["golden_id"]
    put = api.http.put("/v1/records/pos/a%0Ab/c%0A", json=BERT, headers=api.headers())
    assert (put.status_code, put.json()["source_record_id"]) == (200, "a\nb/c\n")


def test_a_moment_may_have_any_offset(api: Api) -> None:
    api.tell("pos", "1", **INES, observed_at="2020-09-02T19:17:14+19:10")
    record = api.service.store.views.record(RecordKey("pos", "1"))
    assert record is not None
    assert record.observed_at == datetime(2020, 9, 2, 0, 7, 14, tzinfo=UTC)
    assert api.get("/v1/crosswalk/pos/1?as_of=2099-01-01T00:00:00-23:59").status_code == 200


NUL = "a\0"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/merges", {"profile_ids": [NUL, "b"]}),
        ("/v1/merges:preview", {"profile_ids": ["a", "b"], "into": NUL}),
        ("/v1/merges", {"profile_ids": ["a", "b"], "reason": NUL}),
        ("/v1/merges", {"profile_ids": ["a", "b"], "expected_versions": {NUL: 1}}),
        ("/v1/judgements", {"judgement": "keep_apart", "one": NUL, "other": "b"}),
        ("/v1/profiles/a/split", {"records": [{"source": NUL, "source_record_id": "1"}]}),
        ("/v1/profiles/%00/split", {"records": [{"source": "pos", "source_record_id": "1"}]}),
        ("/v1/merges/%00/undo", {}),
        ("/v1/why?one=%00&other=b", None),
        ("/v1/operations/%00", None),
    ],
)
def test_a_nul_where_somebody_is_named_is_refused(api: Api, path: str, body: object) -> None:
    answer = api.get(path) if body is None else api.post(path, body)
    assert (answer.status_code, answer.json()["code"]) in ((422, "INVALID_REQUEST"), (400, "INVALID_REQUEST"))


def test_what_is_of_another_type_is_refused_not_read_as_if(lite: Api) -> None:
    told = {"source": "pos", "source_record_id": "1", "observed_at": 1_600_000_000}
    assert lite.post("/v1/records", told).status_code == 422
    versions = {"profile_ids": ["a", "b"], "expected_versions": {"a": True}}
    assert lite.post("/v1/merges", versions).status_code == 422
    assert lite.post("/v1/match", {"record": INES, "limit": "5"}).status_code == 422


def test_one_bad_record_of_a_batch_stops_no_other(api: Api) -> None:
    good = {"source": "pos", "source_record_id": "1", **INES}
    bad = {**good, "source_record_id": "2", "custom": {"shoe_size": "44"}}
    results = api.post("/v1/records:batch", {"records": [bad, good]}).json()["results"]
    assert [result["outcome"] for result in results] == ["refused", "accepted"]
    assert results[0]["problem"]["code"] == "E318"
    alone = api.post("/v1/records", bad)
    assert (alone.status_code, alone.json()["code"]) == (422, "E318")


def test_identifiers_lead_to_the_golden_id_in_any_spelling(api: Api) -> None:
    golden_id, _ = two(api)
    for asked in (
        {"email": "INES@Example.com"},
        {"phone": "2125550142"},
        {"source": "pos", "source_record_id": "1"},
        {"golden_id": golden_id},
    ):
        assert api.post("/v1/lookup", asked).json()["golden_id"] == golden_id, asked
    unknown = api.post("/v1/lookup", {"email": "nobody@example.com"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "UNKNOWN")
    assert api.post("/v1/lookup", {"email": "a@b.example", "phone": "1"}).status_code == 422
    keys = [{"email": "ines@example.com"}, {"email": "nobody@example.com"}]
    answers = api.post("/v1/lookup:batch", {"keys": keys}).json()["answers"]
    assert [answer["status"] for answer in answers] == ["live", "unknown"]


def test_a_profile_tells_its_parts_and_its_version(api: Api) -> None:
    golden_id, _ = two(api)
    parts = api.get(f"/v1/profiles/{golden_id}?include=records,provenance,consents,history")
    told = parts.json()
    assert told["values"]["email"] == "ines@example.com"
    assert told["provenance"]["email"]["record"] == "pos:1"
    assert told["records"][0]["attributes"]["phone"] == "(212) 555-0142"
    assert told["history"]
    assert told["consents"] == {}
    same = api.get(f"/v1/profiles/{golden_id}", **{"If-None-Match": parts.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert api.get("/v1/profiles/nobody").json()["code"] == "E501"


def test_personal_values_are_masked_for_who_may_not_see_them(lite: Api) -> None:
    golden_id, _ = two(lite)
    path = f"/v1/profiles/{golden_id}?include=records"
    seen = lite.http.get(path, headers=lite.headers("profiles:read"))
    for value in ("ines@example.com", "Okafor", "1980-02-03", "555-0142"):
        assert value not in seen.text
    assert seen.json()["values"]["email"] == "i***@e***"


def test_a_purpose_shows_what_consent_allows(lite: Api) -> None:
    consents = {"marketing.sms": {"status": "granted"}, "marketing.email": {"status": "withdrawn"}}
    golden_id = lite.tell("loyalty", "7", **INES, consents=consents)["golden_id"]
    bert = lite.tell("shop", "3", **BERT)["golden_id"]
    marketing = lite.get(f"/v1/profiles/{golden_id}?purpose=marketing").json()["values"]
    assert marketing["phone"] == "(212) 555-0142"
    assert marketing["email"] == "i***@e***"
    assert "birth_date" not in marketing
    refused = lite.get(f"/v1/profiles/{bert}?purpose=marketing")
    assert (refused.status_code, refused.json()["code"]) == (403, "PURPOSE_REFUSED")
    headers = lite.headers("profiles:read", "purpose:service")
    assert lite.http.get(f"/v1/profiles/{bert}?purpose=marketing", headers=headers).status_code == 403
    assert lite.http.get(f"/v1/profiles/{bert}?purpose=service", headers=headers).json()["values"]["email"]


def test_a_merge_is_shown_made_followed_and_taken_back(api: Api) -> None:
    ines, bert = two(api)
    wanted = {"profile_ids": [ines, bert], "reason": "She says so."}
    assert api.post("/v1/merges:preview", wanted).json()["mergeable"] is True
    assert api.get(f"/v1/profiles/{bert}").json()["redirected_from"] is None
    made = api.post("/v1/merges", wanted).json()
    assert made["redirects"] == [
        {"retired": ({ines, bert} - {made["golden_id"]}).pop(), "survivor": made["golden_id"]}
    ]
    retired = made["redirects"][0]["retired"]
    led = api.get(f"/v1/profiles/{retired}")
    assert led.json()["redirected_from"] == retired
    assert led.headers["content-location"] == f"/v1/profiles/{made['golden_id']}"
    again = api.post("/v1/merges", wanted)
    assert (again.status_code, again.json()["code"]) == (409, "NOT_LIVE")
    undone = api.post(f"/v1/merges/{made['operation_id']}/undo", {"reason": "She did not."}).json()
    assert undone["golden_ids"] == sorted([ines, bert])
    assert api.get(f"/v1/operations/{made['operation_id']}").json()["status"] == "reversed"
    assert api.post(f"/v1/merges/{made['operation_id']}/undo", {}).json()["code"] == "MERGE_ALREADY_REVERSED"


def test_a_split_goes_by_the_version_that_was_seen(api: Api) -> None:
    golden_id = api.tell("pos", "1", **INES)["golden_id"]
    api.tell("erp", "2", **INES)
    wanted = {"records": [{"source": "erp", "source_record_id": "2"}]}
    stale = api.post(f"/v1/profiles/{golden_id}/split", wanted, **{"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "STALE_VERSION")
    etag = api.get(f"/v1/profiles/{golden_id}").headers["etag"]
    split = api.post(f"/v1/profiles/{golden_id}/split", wanted, **{"If-Match": etag}).json()
    assert len(split["golden_ids"]) == 2
    why = api.get("/v1/why-not?one=pos:1&other=erp:2").json()
    assert why["causes"][0]["cause"] == "kept_apart"
    together = {"judgement": "keep_together", "one": "pos:1", "other": "erp:2"}
    assert api.post("/v1/judgements", together).json()["code"] == "CONTRADICTION"


def test_what_happened_is_told_in_pages(api: Api) -> None:
    two(api)
    first = api.get("/v1/events?limit=1").json()
    assert first["more"] is True
    rest = api.get(f"/v1/events?after={first['next']}").json()
    assert [event["type"] for event in rest["events"]] == ["customer.created"]
    assert api.get(f"/v1/events?after={rest['next']}&wait=0.3").json()["events"] == []


def test_stewards_find_people_by_name_page_by_page(api: Api) -> None:
    people = {"Ana": "1951-01-02", "Bela": "1972-03-04", "Zoe": "1999-11-12"}
    ids = [
        api.tell("pos", name, given_name=name, family_name="Okafor", birth_date=born)["golden_id"]
        for name, born in people.items()
    ]
    first = api.post("/v1/search", {"family_name": "OKAFOR", "limit": 2}).json()
    second = api.post(
        "/v1/search", {"family_name": "okafor", "limit": 2, "cursor": first["next_cursor"]}
    ).json()
    assert first["golden_ids"] + second["golden_ids"] == ids
    assert second["next_cursor"] is None
    assert api.post("/v1/search", {"family_name": "okafor", "given_name": "be"}).json()["golden_ids"] == [
        ids[1]
    ]


@pytest.mark.parametrize("stored", ["Öztürk", "ÖZTÜRK", "öztürk"])
def test_names_are_found_in_any_case_beyond_a_to_z(api: Api, stored: str) -> None:
    golden_id = api.tell("pos", "1", given_name="Élodie", family_name=stored)["golden_id"]
    for asked in ("Öztürk", "ÖZTÜRK", "öztürk"):
        found = api.post("/v1/search", {"family_name": asked, "given_name": "éL"})
        assert found.json()["golden_ids"] == [golden_id]


def test_nobody_is_called_by_what_cannot_be_written(api: Api) -> None:
    two(api)
    found = api.post("/v1/search", {"family_name": "Okafor", "given_name": "I\0"})
    assert (found.status_code, found.json()["golden_ids"]) == (200, [])


def test_likeness_is_explained_and_nothing_is_written(api: Api) -> None:
    golden_id, _ = two(api)
    found = api.post("/v1/match", {"record": {"email": "ines@example.com", "given_name": "Ines"}}).json()
    assert found["alike"][0]["golden_id"] == golden_id
    assert {each["comparison"] for each in found["best"]["contributions"]} >= {"prior", "email"}
    assert "values" not in str(lite_match(api))


def lite_match(api: Api) -> object:
    headers = api.headers("match")
    return api.http.post("/v1/match", json={"record": INES}, headers=headers).json()


def test_the_service_says_whether_it_is_ready(api: Api) -> None:
    assert api.http.get("/healthz").json() == {"status": "ok"}
    assert api.http.get("/readyz").json() == {"status": "ok", "missing": {}}
    assert b"identity_request_seconds" in api.http.get("/metrics").content
    assert api.get("/v1/models").json()["models"]
    assert api.get("/v1/runs").json() == {"runs": []}
    assert api.post("/v1/runs/none/approve", None).json()["code"] == "E505"
