"""Files that are dropped into a folder: whole ones only, each content once, and nothing lost when it is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from identity.bootstrap import Service, Settings
from identity.commands.watch import watch_once, watch_until
from identity.connectors.drops import Drops
from identity.model.errors import FileError, StoreError
from identity.model.record import RecordKey
from tests.commands.terminal import identity

HEAD = (
    "CUSTOMER_NO;FIRST_NAME;LAST_NAME;BIRTHDAY;PHONE;EMAIL;STREET;ZIP;TOWN;CARD_NO;MARKETING;CAPTURED_AT\r\n"
)


def row(number: int, name: str = "Ines", at: str = "01.03.2026 12:00") -> str:
    return f"{number};{name};Okafor;;;{name.lower()}{number}@example.com;;;;;;{at}\r\n"


def drop(folder: Path, name: str, *rows: str) -> Path:
    file = folder / name
    file.write_text(HEAD + "".join(rows), encoding="cp1252")
    return file


@pytest.fixture
def service(url: str) -> Iterator[Service]:
    made = Service(Settings(url, index_secret="a secret of the tests"))
    yield made
    made.store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "drops"
    made.mkdir()
    return made


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {file["file"]: file["outcome"] for file in report["files"]}


def name_of(service: Service, number: int) -> str:
    key = RecordKey("pos", str(number))
    with service.store.look() as look:
        return str(look.stored([key])[key].record.attributes["given_name"])


def test_files_are_loaded_moved_and_reported_on(service: Service, folder: Path) -> None:
    drop(folder, "kasse-1.csv", row(1), row(2), "3;too;short\r\n")
    (folder / "broken.csv").write_text("x;y\r\n1;2\r\n")
    report = watch_once(service, Drops(folder, 0), "pos")
    assert outcomes(report) == {"kasse-1.csv": "loaded", "broken.csv": "failed"}
    told = orjson.loads((folder / "done" / "kasse-1.csv.report.json").read_bytes())
    assert (told["rows"], told["accepted"], told["quarantined"], told["codes"]) == (3, 2, 1, {"E304": 1})
    failed = orjson.loads((folder / "failed" / "broken.csv.report.json").read_bytes())
    assert (failed["code"], failed["outcome"]) == ("E206", "failed")
    assert not (folder / "kasse-1.csv").exists()
    assert service.store.views.counts().records == 2


def test_a_content_is_loaded_once_whatever_its_name(service: Service, folder: Path) -> None:
    drop(folder, "kasse.csv", row(1))
    watch_once(service, Drops(folder, 0), "pos")
    drop(folder, "kasse.csv", row(1))
    drop(folder, "again.csv", row(1))
    report = watch_once(service, Drops(folder, 0), "pos")
    assert outcomes(report) == {"kasse.csv": "known", "again.csv": "known"}
    assert {file.name for file in (folder / "done").glob("*.csv")} == {
        "kasse.csv",
        "kasse.2.csv",
        "again.csv",
    }


def test_what_is_not_whole_is_left_alone(folder: Path) -> None:
    drops = Drops(folder, 2)
    growing = drop(folder, "kasse.csv", row(1))
    for name in ("kasse.csv.part", "kasse.TMP", ".hidden.csv"):
        drop(folder, name, row(2))
    (folder / "done").mkdir()
    (folder / "elsewhere.csv").symlink_to(growing)
    assert drops.whole(0) == []
    assert drops.whole(1.9) == []
    growing.write_text(HEAD + row(1) + row(2))
    assert drops.whole(2.5) == []
    assert drops.whole(4.4) == []
    assert drops.whole(4.5) == [growing]
    finished = folder / "kasse.csv.part"
    finished.rename(folder / "whole.csv")
    assert folder / "whole.csv" not in drops.whole(5)
    assert folder / "whole.csv" in drops.whole(7)


def test_one_watches_at_a_time_and_only_a_folder(service: Service, folder: Path) -> None:
    with Drops(folder, 0).alone(), pytest.raises(FileError, match="E224"):
        watch_once(service, Drops(folder, 0), "pos")
    with pytest.raises(FileError, match="E223"):
        watch_once(service, Drops(folder / "none", 0), "pos")


def test_an_older_file_that_comes_late_changes_nothing(service: Service, folder: Path) -> None:
    drop(folder, "new.csv", row(1, "Inês", "02.03.2026 12:00"))
    watch_once(service, Drops(folder, 0), "pos")
    drop(folder, "old.csv", row(1, "Ines", "01.03.2026 12:00"))
    watch_once(service, Drops(folder, 0), "pos")
    assert name_of(service, 1) == "Inês"


def test_files_wait_while_the_database_is_away(
    service: Service, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("identity.commands.watch._LATER", 0.01)
    monkeypatch.setattr("identity.commands.watch._PAUSE", 0.01)
    dropped, told, stop = type(service.store.intake).dropped, list[Any](), threading.Event()

    def away(self: Any, source: str, digest: str) -> str | None:
        if not told:
            raise StoreError("E405", "The database is busy.")
        return dropped(self, source, digest)

    def news(report: dict[str, Any]) -> None:
        told.append(report["outcome"])
        if report["outcome"] == "loaded":
            stop.set()

    monkeypatch.setattr(type(service.store.intake), "dropped", away)
    drop(folder, "kasse.csv", row(1))
    watch_until(service, Drops(folder, 0), "pos", stop, news)
    assert told == ["waits", "loaded"]


def _watch(url: str, folder: Path) -> None:
    watch_once(Service(Settings(url, index_secret="a secret of the tests")), Drops(folder, 0), "pos")


@pytest.mark.parametrize("moment", ["_ingest", "put_dropped", "move"])
def test_whoever_is_killed_half_way_is_followed_by_one_who_comes_to_the_same_end(
    sqlite_url: str, folder: Path, moment: str
) -> None:
    service = Service(Settings(sqlite_url, index_secret="a secret of the tests"))
    service.store.migrate()
    drop(folder, "kasse.csv", *(row(n) for n in range(30)))
    process = multiprocessing.get_context("fork").Process(
        target=_killed_at, args=(sqlite_url, folder, moment)
    )
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    report = watch_once(service, Drops(folder, 0), "pos")
    assert set(outcomes(report).values()) <= {"loaded", "known"}
    assert service.store.views.counts().records == 30
    assert [file.name for file in (folder / "done").glob("*.csv")] == ["kasse.csv"]


def _killed_at(url: str, folder: Path, moment: str) -> None:
    from identity.commands import ingest
    from identity.store.intake import Intake

    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    place: Any = {"_ingest": ingest, "put_dropped": Intake, "move": Drops}[moment]
    setattr(place, moment if moment != "_ingest" else "_finished", die)
    _watch(url, folder)


def test_the_command_says_what_became_of_files(tmp_path: Path, folder: Path) -> None:
    drop(folder, "kasse.csv", row(1))
    asked = ("watch", folder, "--source", "pos", "--once", "--still", "0")
    ended = identity(*asked, database=tmp_path / "identity.db")
    assert (ended.code, ended.err) == (0, "")
    assert "kasse.csv: loaded, 1 rows: 1 accepted" in ended.out
    (folder / "broken.csv").write_text("x;y\r\n1;2\r\n")
    assert identity(*asked, database=tmp_path / "identity.db").code == 1
    wishes = identity("wishes", database=tmp_path / "identity.db")
    assert "Nothing is to be seen to." in wishes.out
    assert identity("wishes", "close", "7", database=tmp_path / "identity.db").code == 1


def test_a_watcher_that_is_asked_to_end_ends(folder: Path, tmp_path: Path) -> None:
    drop(folder, "kasse.csv", row(1))
    database = tmp_path / "identity.db"
    command = [sys.executable, "-m", "identity.cli", "watch", str(folder), "--source", "pos", "--still", "0"]
    environment = {**os.environ, "IDENTITY_DATABASE_URL": f"sqlite:///{database}"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as run:
        assert run.stdout is not None
        assert "kasse.csv: loaded" in run.stdout.readline()
        began = time.monotonic()
        run.send_signal(signal.SIGTERM)
        assert run.wait(20) == 0
        assert time.monotonic() - began < 10
