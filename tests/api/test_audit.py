"""Who saw somebody in clear, or decided about them, is kept before they are answered; nothing personal of it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from api.scopes import Scope
from identity.commands.audit import verify_report
from identity.model.audit import AuditAction
from tests.api.conftest import Api
from tests.api.test_routes import BERT, INES


def audited(api: Api, **asked: Any) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    answer = api.get(f"/v1/audit?{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["entries"]
    return found


def actions(api: Api) -> list[str]:
    return [entry["action"] for entry in audited(api, limit=1_000)]


def test_reads_in_clear_are_kept_and_reads_of_golden_ids_are_not(api: Api) -> None:
    ines = api.tell("pos", "1", **INES)["golden_id"]
    api.tell("pos", "2", **INES)
    assert api.post("/v1/lookup", {"email": INES["email"]}).status_code == 200
    masked = api.headers(Scope.PROFILES_READ, Scope.EXPLAIN, Scope.MATCH)
    assert api.http.get(f"/v1/profiles/{ines}", headers=masked).status_code == 200
    assert api.http.get("/v1/why?one=pos:1&other=pos:2", headers=masked).status_code == 200
    assert actions(api) == []
    assert api.get(f"/v1/profiles/{ines}").status_code == 200
    assert api.get("/v1/why?one=pos:1&other=pos:2").status_code == 200
    assert api.post("/v1/match", {"record": INES}).status_code == 200
    assert api.post("/v1/search", {"family_name": INES["family_name"]}).status_code == 200
    assert actions(api) == [AuditAction.READ, AuditAction.EXPLAIN, AuditAction.MATCH, AuditAction.SEARCH]
    about = audited(api, subject=ines)
    assert [entry["action"] for entry in about] == ["read", "explain", "match"]
    assert {entry["actor"] for entry in about} == {"shop"}
    assert verify_report(api.service)["whole"]


def test_a_purpose_is_kept_with_the_read_and_a_refusal_too(api: Api) -> None:
    ines = api.tell("pos", "1", **INES)["golden_id"]
    assert api.get(f"/v1/profiles/{ines}?purpose=service").status_code == 200
    assert api.get(f"/v1/profiles/{ines}?purpose=marketing").status_code == 403
    told = [(entry["purpose"], entry["details"].get("refused")) for entry in audited(api, subject=ines)]
    assert told == [("service", None), ("marketing", 1)]


def test_what_is_decided_stands_in_the_trail_with_it(api: Api) -> None:
    one = api.tell("pos", "1", **INES)["golden_id"]
    other = api.tell("pos", "2", **BERT)["golden_id"]
    preview = api.post("/v1/merges:preview", {"profile_ids": [one, other], "reason": "one person"})
    assert preview.status_code == 200
    merged = api.post("/v1/merges", {"profile_ids": [one, other], "reason": "one person"}).json()
    assert api.post(f"/v1/merges/{merged['operation_id']}/undo", {"reason": "no"}).status_code == 200
    assert [entry["details"]["kind"] for entry in audited(api)] == ["merge", "undo"], (
        "the preview is no decision"
    )
    assert len(audited(api, subject=other)) == 2


def test_an_erasure_leaves_its_trail_and_nothing_personal(api: Api) -> None:
    ines = api.tell("pos", "card-77", **INES)["golden_id"]
    assert api.get(f"/v1/profiles/{ines}?include=records,provenance").status_code == 200
    request = api.post(
        "/v1/privacy-requests", {"kind": "erasure", "golden_id": ines, "reason": "Ines"}
    ).json()
    path = f"/v1/privacy-requests/{request['request_id']}"
    assert api.get(f"{path}/person").status_code == 200
    officer = {"client": "officer"}
    assert api.http.post(f"{path}/verify", json={"check": "card"}, headers=api.headers(**officer)).is_success
    assert api.http.post(f"{path}/carry-out", json={}, headers=api.headers(**officer)).is_success
    entries = audited(api, subject=ines)
    assert [(entry["action"], entry["actor"]) for entry in entries] == [
        ("read", "shop"), ("request", "shop"), ("person", "shop"), ("request", "officer"), ("erase", "officer"),
    ]  # fmt: skip
    told = orjson.dumps(entries).decode().lower()
    assert not [value for value in (*INES.values(), "card-77", "ines") if str(value).lower() in told]
    assert verify_report(api.service)["whole"]


def test_the_trail_is_read_page_by_page_by_who_may(lite: Api) -> None:
    ines = lite.tell("pos", "1", **INES)["golden_id"]
    for _ in range(3):
        lite.get(f"/v1/profiles/{ines}")
    page = lite.get("/v1/audit?limit=2").json()
    assert (len(page["entries"]), page["next"], page["more"]) == (2, 2, True)
    rest = lite.get(f"/v1/audit?after={page['next']}").json()
    assert (len(rest["entries"]), rest["more"]) == (1, False)
    assert lite.get("/v1/audit?since=2026-01-01T00:00:00Z").status_code == 200
    assert lite.get("/v1/audit?since=0.5").status_code == 422, "seconds are no date"
    blind = lite.http.get("/v1/audit", headers=lite.headers(Scope.PRIVACY))
    assert blind.status_code == 403


def test_who_cannot_be_written_down_is_not_answered(lite: Api) -> None:
    ines = lite.tell("pos", "1", **INES)["golden_id"]
    with lite.service.store._database.alter() as connection:
        connection.exec_driver_sql("ALTER TABLE audit RENAME TO audit_elsewhere")
    answer = lite.get(f"/v1/profiles/{ines}")
    assert answer.status_code >= 500
    assert INES["email"] not in answer.text


def test_cutting_off_the_trail_with_its_head_is_told_by_an_anchor(lite: Api, tmp_path: Path) -> None:
    from identity.connectors.audit_anchors import AuditAnchors

    service = lite.service
    service.anchors.path = tmp_path / "anchors.ndjson"
    ines = lite.tell("pos", "1", **INES)["golden_id"]
    lite.get(f"/v1/profiles/{ines}")
    first = AuditAnchors(service.anchors.path, lambda: service.store.put_setting("database_id", "x")).heads()
    assert [head.seq for head in first] == [1], "the first is written at once"
    with service.store._database.read() as look:
        ((seq, hash_, seal),) = look.exec_driver_sql("SELECT seq, hash, seal FROM audit_head").all()
    for _ in range(3):
        lite.get(f"/v1/profiles/{ines}")
    assert verify_report(service)["anchors"] == 1, "one a minute"
    service.anchors.flush()
    assert verify_report(service)["whole"]
    with service.store._database.alter() as connection:
        connection.exec_driver_sql("DELETE FROM audit WHERE seq > 1")
        connection.exec_driver_sql("UPDATE audit_head SET seq = ?, hash = ?, seal = ?", (seq, hash_, seal))
    report = verify_report(service)
    assert [(flaw["seq"], flaw["kind"]) for flaw in report["flaws"]] == [(2, "truncated")]
