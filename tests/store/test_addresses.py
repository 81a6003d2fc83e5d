"""Addresses that cannot work, and how the default database is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from identity.model.errors import StoreError
from identity.store import DEFAULT_URL, Store
from identity.store.dialect.sqlite import SqliteDatabase

from .worlds import StandingClock, records


@pytest.mark.parametrize(
    "url", ["", "identity.db", "mysql://localhost/identity", "sqlite://", "sqlite:///:memory:"]
)
def test_an_address_that_cannot_work_is_refused_at_once(url: str) -> None:
    with pytest.raises(StoreError, match="E401"):
        Store(url)


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(StoreError) as refusal:
        Store("oracle://anna:secret@host/identity")
    assert "secret" not in str(refusal.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"E402.*nowhere does not exist"):
        Store(f"sqlite:///{tmp_path / 'nowhere' / 'identity.db'}")


def test_a_place_that_takes_no_files_is_refused() -> None:
    store = Store("sqlite:////proc/identity.db")
    with pytest.raises(StoreError, match="E402"):
        store.migrate()
    store.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path, clock: StandingClock) -> None:
    (tmp_path / "notes.db").write_text("Dear diary, " * 1000)
    with pytest.raises(StoreError, match="E402"), Store(f"sqlite:///{tmp_path / 'notes.db'}").begin(clock):
        pass


def test_opening_creates_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Store(DEFAULT_URL).close()
    assert list(tmp_path.iterdir()) == []


def test_a_commit_is_on_the_disk_and_readers_do_not_block(tmp_path: Path) -> None:
    connection = SqliteDatabase(make_url(f"sqlite:///{tmp_path / 'identity.db'}"), patience=7).connect()
    asked = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in (
        "journal_mode", "synchronous", "foreign_keys", "busy_timeout")}  # fmt: skip
    connection.close()
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 7000}


def test_no_staged_rows_are_left_beside_the_database(
    tmp_path: Path, migrated_file: Path, clock: StandingClock
) -> None:
    (tmp_path / "identity.db").write_bytes(migrated_file.read_bytes())
    store = Store(f"sqlite:///{tmp_path / 'identity.db'}")
    with store.begin(clock) as work:
        for _ in range(12):
            work.put_records(records(*(f"r{number}" for number in range(2_500))))
        assert {path.name for path in tmp_path.iterdir()} <= {
            "identity.db",
            "identity.db-wal",
            "identity.db-shm",
        }
    store.close()
