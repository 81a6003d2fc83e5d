"""What a killed process has spilled of a person goes when they are erased, and when a process that serves tidies."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from api.serving import _tidy
from identity.bootstrap import Service, Settings
from identity.commands.privacy import erase_now
from identity.connectors.told import arrival_of
from identity.model.record import RecordKey

ZORA = {"given_name": "Zora", "family_name": "Kanari", "email": "zora@kanari.example"}
KEY = RecordKey("pos", "1")


class AFewTurns(threading.Event):
    """Does not wait, but notes for how long it was asked to, and says to stop after so many turns."""

    def __init__(self, turns: int) -> None:
        super().__init__()
        self.turns = turns
        self.asked: float | None = None

    def wait(self, timeout: float | None = None) -> bool:
        self.turns, self.asked = self.turns - 1, timeout
        return self.turns < 0


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    database = f"sqlite:///{tmp_path / 'identity.db'}"
    found = Service(
        Settings(database, spool=tmp_path / "spool", erasures=tmp_path / "erasures.ndjson", index_secret="s")
    )
    with closing(found.store):
        yield found


def left_behind(folder: Path) -> Path:
    """The file of a process that was killed: nobody holds its folder any more."""
    left = folder / "identity-spill-left"
    left.mkdir()
    (left / "held").write_text("")
    (left / "duckdb_temp_storage_DEFAULT-0.tmp").write_text("Zora Kanari")
    return left


def test_an_erasure_leaves_nothing_that_was_spilled(service: Service, tmp_path: Path) -> None:
    service.ingest([arrival_of(KEY, ZORA, None, {})])
    with service.store.look() as look:
        home = look.memberships([KEY])[KEY]
    left = left_behind(tmp_path)
    erase_now(service, home, "officer", "in person")
    assert not left.exists()


def test_who_serves_removes_it_too(service: Service, tmp_path: Path) -> None:
    left = left_behind(tmp_path)
    _tidy(service, AFewTurns(0))
    assert left.exists()
    once = AFewTurns(1)
    _tidy(service, once)
    assert not left.exists()
    assert once.asked == 60
