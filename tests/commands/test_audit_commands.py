"""audit verify, audit list, keys rotate: what they print and how they end."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from .terminal import identity
from .test_real_time_commands import ANA, BORIS, HEAD, answered


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    file = tmp_path / "pos.csv"
    file.write_text(f"{HEAD}pos,1,{ANA}pos,2,{BORIS}", encoding="utf-8")
    path = tmp_path / "identity.db"
    assert identity("ingest", file, database=path).code == 0
    return path


def golden_ids(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [row[0] for row in connection.execute("SELECT golden_id FROM golden_profile ORDER BY 1")]


def test_what_was_decided_is_listed_and_a_touched_trail_ends_with_one(database: Path) -> None:
    one, other = golden_ids(database)[:2]
    assert identity("keep-apart", one, other, "--actor", "ines", database=database).code == 0
    assert identity("erase", one, "--yes", "--actor", "officer", database=database).code == 0
    listed = identity("audit", "list", "--subject", one, "--json", database=database).report["entries"]
    assert [(each["action"], each["actor"]) for each in listed] == [
        ("decide", "ines"), ("request", "officer"), ("request", "officer"), ("erase", "officer"),
    ]  # fmt: skip
    assert "officer" in identity("audit", "list", database=database).out
    whole = identity("audit", "verify", "--json", database=database).report
    assert (whole["whole"], whole["entries"]) == (True, 4)
    assert whole["anchors"] >= 2, "one of each process"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 2")
    touched = identity("audit", "verify", database=database)
    assert touched.code == 1
    assert "2: edited" in touched.out
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM audit WHERE seq >= 2")
        connection.execute("DELETE FROM audit_head")
    cut = identity("audit", "verify", "--json", database=database)
    assert cut.code == 1
    assert "truncated" in {flaw["kind"] for flaw in answered(cut)["flaws"]}


def test_a_time_without_a_zone_is_wrong_usage(database: Path) -> None:
    ended = identity("audit", "list", "--since", "2026-03-01T00:00:00", database=database)
    assert ended.code == 2
    assert identity("audit", "list", "--since", "2026-03-01T00:00:00Z", database=database).code == 0


def key(byte: bytes, name: str) -> str:
    return f"{name} {base64.b64encode(byte * 32).decode()}"


def test_keys_are_given_rotated_and_missed(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    identity("keys", "rotate", database=database).complains("E119")
    monkeypatch.setenv("IDENTITY_FIELD_KEYS", key(b"1", "k1"))
    report = identity("keys", "rotate", "--json", database=database).report
    assert report["key"] == "k1"
    assert report["tables"]["source_record"]["values"]
    assert b"zywicka.example" not in database.read_bytes()
    monkeypatch.setenv("IDENTITY_FIELD_KEYS", f"{key(b'2', 'k2')}\n{key(b'1', 'k1')}\n")
    assert "k2" in identity("keys", "rotate", database=database).out
    monkeypatch.setenv("IDENTITY_FIELD_KEYS", key(b"1", "k1"))
    identity("profile", golden_ids(database)[0], database=database).complains("E422")
    monkeypatch.setenv("IDENTITY_FIELD_KEYS", key(b"3", "k2"))
    identity("profile", golden_ids(database)[0], database=database).complains("E423")
    monkeypatch.setenv("IDENTITY_FIELD_KEYS", key(b"2", "k2"))
    assert identity("profile", golden_ids(database)[0], database=database).code == 0


@pytest.mark.parametrize(
    "told", ["k1", "k1 AAAA", "k:1 " + "A" * 43 + "=", key(b"1", "k") + "\n" + key(b"2", "k")]
)
def test_keys_that_make_no_sense_are_refused(
    database: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setenv("IDENTITY_FIELD_KEYS", told)
    identity("keys", "rotate", database=database).complains("E119")
