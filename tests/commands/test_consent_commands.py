"""identity consents, consent and receipt: recorded, shown with reasons, proven."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from .terminal import identity

ANNA = {
    "source": "pos", "source_record_id": "1", "given_name": "Anna", "family_name": "Okafor",
    "email": "anna@shop.example", "birth_date": "1980-02-03",
}  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file, database = tmp_path / "records.jsonl", tmp_path / "identity.db"
    file.write_bytes(orjson.dumps(ANNA) + b"\n")
    assert identity("ingest", file, "--json", database=database).code == 0
    return database


def golden_id(database: Path) -> str:
    (answer,) = identity("lookup", "record=pos:1", "--json", database=database).report["answers"]
    return str(answer["golden_ids"][0])


def test_a_consent_is_recorded_shown_and_proven(database: Path) -> None:
    name = golden_id(database)
    told = (
        "email=Anna@shop.example",
        "marketing.email",
        "granted",
        "--captured",
        "2026-01-01",
        "--basis",
        "consent",
    )
    kept = identity("consent", *told, "--actor", "ann", "--json", database=database).report
    (fact,) = kept["facts"]
    assert fact["profiles"] == [{"golden_id": name, "status": "granted"}]
    shown = identity("consents", name, "--json", database=database).report
    (consent,) = shown["consents"]
    assert (consent["status"], consent["since"]) == ("granted", "2026-01-01T00:00:00+00:00")
    receipt = identity("receipt", fact["fact_id"], database=database).report
    assert receipt["event"]["event_state"] == "consent_given"
    identity("consent", f"golden_id={name}", "marketing.email", "objected", database=database)
    read = identity("consents", name, database=database).out
    assert "objected" in read
    assert "anna@shop" not in read
    assert "anna@shop" in identity("consents", name, "--clear", database=database).out


def test_what_cannot_be_is_refused(database: Path) -> None:
    assert identity("consent", "email=a@b.example", "marketing", "granted", database=database).code == 2
    wrong = identity("consent", "email=a@b.example", "magic.email", "granted", database=database)
    wrong.complains("E320")
    identity("consents", "g00000000000000000", database=database).complains("E501")
    identity("receipt", "nothing", database=database).complains("E531")
