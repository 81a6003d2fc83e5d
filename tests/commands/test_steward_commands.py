"""Accounts of the review screen, at the command line."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from .terminal import Ended, identity


@pytest.fixture
def database(tmp_path: Path, migrated_file: Path) -> Path:
    copy = tmp_path / "identity.db"
    copy.write_bytes(migrated_file.read_bytes())
    return copy


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("a password of some length\nand a second line\n", encoding="utf-8")
    return file


def add(database: Path, secret: Path, name: str = "ana", role: str = "steward") -> Ended:
    return identity(
        "steward", "add", name, "--role", role, "--password-file", secret, "--json", database=database
    )


def test_an_account_is_opened_listed_and_closed(database: Path, secret: Path) -> None:
    assert add(database, secret).report == {
        "name": "ana",
        "role": "steward",
        "active": True,
        "by": "password",
    }
    issuer = ("--issuer", "https://id.example", "--subject", "42", "--json")
    told = identity("steward", "add", "ben", "--role", "privacy_officer", *issuer, database=database).report
    assert told["by"] == "identity provider"
    assert identity("steward", "close", "ana", "--json", database=database).report["active"] is False
    listed = identity("steward", "list", "--json", database=database).report["stewards"]
    assert [(each["name"], each["active"]) for each in listed] == [("ana", False), ("ben", True)]
    shown = identity("steward", "list", database=database).out
    assert "ana: steward, by password, closed" in shown
    assert "ben: privacy officer, by identity provider" in shown


def test_the_password_is_the_first_line_and_nowhere_to_be_seen(database: Path, secret: Path) -> None:
    from identity.bootstrap import SystemClock
    from stewardship.passwords import suits
    from tests.stewardship.world import service_at

    ended = add(database, secret)
    assert "a password" not in ended.out + ended.err
    service = service_at(f"sqlite:///{database}")
    ana = service.store.stewards(SystemClock()).steward("ana")
    service.store.close()
    assert ana is not None
    assert suits("a password of some length", ana.password)
    assert not suits("a password of some length\n", ana.password)
    assert ana.password.startswith("$argon2id$")
    assert b"a password of" not in database.read_bytes()


def test_a_password_is_piped_in_and_changed(
    database: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, secret)
    monkeypatch.setattr("sys.stdin", io.StringIO("another password, longer\n"))
    assert identity("steward", "password", "ana", "--password-file", "-", database=database).code == 0
    assert identity("steward", "password", "eva", "--password-file", secret, database=database).code == 6


@pytest.mark.parametrize(
    ("name", "role", "code", "said"),
    [
        ("Ana!", "steward", 2, "A name has"),
        ("ana", "queen", 2, "There is no role"),
        ("taken", "steward", 5, "E421"),
    ],
)
def test_what_cannot_be_is_said(
    database: Path, secret: Path, name: str, role: str, code: int, said: str
) -> None:
    assert add(database, secret, "taken").code == 0
    ended = add(database, secret, name, role)
    assert ended.code == code
    assert said in ended.err
    assert "a password" not in ended.err


def test_a_short_password_and_none_are_refused(database: Path, tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_text("short\n", encoding="utf-8")
    assert "12 to" in add(database, short).err
    assert "cannot be read" in add(database, tmp_path / "nowhere").err
