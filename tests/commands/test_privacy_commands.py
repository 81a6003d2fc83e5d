"""What people ask about themselves, at the command line."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from .terminal import Ended, identity

PEOPLE = (
    '{"source_record_id":"1","given_name":"Ines","family_name":"<b>Okafor</b>","email":"ines@example.com",'
    '"consents":{"marketing.email":{"status":"granted"}}}\n'
    '{"source_record_id":"2","given_name":"Bert","email":"bert@example.com"}\n'
)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IDENTITY_ERASURES", str(tmp_path / "beside" / "erasures.ndjson"))
    monkeypatch.setenv("IDENTITY_SPOOL", str(tmp_path / "spool"))
    file = tmp_path / "people.ndjson"
    file.write_text(PEOPLE, encoding="utf-8")
    database = tmp_path / "identity.db"
    assert identity("ingest", str(file), "--source", "till", database=database).code == 0
    file.unlink()
    return database


def ines(database: Path) -> str:
    (answer,) = identity("lookup", "email=ines@example.com", "--json", database=database).report["answers"]
    return str(answer["golden_ids"][0])


def run(database: Path, *arguments: str) -> Ended:
    return identity(*arguments, database=database)


def test_a_person_is_erased_once_it_is_meant(tmp_path: Path, database: Path) -> None:
    golden_id = ines(database)
    careful = run(database, "erase", golden_id)
    assert (careful.code, careful.out) == (2, "")
    assert "--yes" in careful.err
    told = run(database, "erase", golden_id, "--yes", "--actor", "ines", "--json").report
    assert (told["status"], told["report"]["records"], told["actor"]) == ("done", 1, "ines")
    assert "erased" in run(database, "lookup", f"golden_id={golden_id}").out
    assert run(database, "erase", golden_id, "--yes").code == 8
    assert b"ines@example.com" not in database.read_bytes()
    line = orjson.loads((tmp_path / "beside" / "erasures.ndjson").read_bytes())
    assert line["golden_ids"] == [golden_id]
    released = run(database, "privacy", "release", told["request_id"], "--json").report
    assert released["marks"] == told["report"]["marks"]


def test_what_is_held_is_written_for_people_and_machines(tmp_path: Path, database: Path) -> None:
    out = tmp_path / "ines"
    told = run(database, "export-person", ines(database), "--out", str(out), "--json").report
    assert told["records"] == 1
    person = orjson.loads((out / "person.json").read_bytes())
    assert person["profile"]["email"]["value"] == "ines@example.com"
    page = (out / "person.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;Okafor&lt;/b&gt;" in page
    assert "bert" not in page.lower() + str(person).lower()
    assert (out / "person.html").stat().st_mode & 0o777 == 0o600
    assert run(database, "export-person", "g0000000000000000", "--out", str(out)).code == 6


def test_a_request_goes_its_way(database: Path) -> None:
    made = run(
        database, "privacy", "receive", "erasure", ines(database), "--reason", "by letter", "--json"
    ).report
    assert made["status"] == "received"
    listed = run(database, "privacy", "list", "--json").report["requests"]
    assert [each["request_id"] for each in listed] == [made["request_id"]]
    assert run(database, "privacy", "carry-out", made["request_id"]).code == 8
    checked = run(database, "privacy", "verify", made["request_id"], "--check", "her card", "--json").report
    assert checked["check"] == "her card"
    assert run(database, "privacy", "carry-out", made["request_id"]).code == 0
    assert run(database, "privacy", "list", "--json").report["requests"] == []
    other = run(database, "privacy", "receive", "access", "g0000000000000000")
    assert other.code == 6
    assert run(database, "privacy", "receive", "gossip", "g1").code == 2
