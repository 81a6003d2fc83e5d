"""The drill: load, back up, erase somebody, restore; who was erased stays so, and every promise holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from identity.bootstrap import Service
from identity.commands.backup import backup_report, restore_report
from identity.commands.verify import verify_report
from identity.connectors.backups import COPY, PAGE
from identity.engines.stages import Stages
from identity.flows.ingest import ingest
from identity.flows.lookup import ByGoldenId, ByRecord
from identity.flows.night.full import full
from identity.model.errors import FileError, StoreError
from identity.settings import Settings
from identity.store.dialect import database_at
from tests.commands.terminal import identity
from tests.conftest import DATABASES
from tests.databases import client_programs
from tests.flows.real_time import arrival
from tests.flows.whole import everything, rows, spoil

from .world import PEOPLE, World, lived, pos


@dataclass(frozen=True)
class Place:
    """A database in use, an empty one of the same kind, and a folder."""

    url: str
    empty: str
    folder: Path

    @property
    def backup(self) -> Path:
        return self.folder / "backups" / "monday"


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    kind = request.param
    if kind == "postgresql":
        monkeypatch.setenv("PATH", client_programs())
    return Place(
        request.getfixturevalue(f"{kind}_url"), request.getfixturevalue(f"empty_{kind}_url"), tmp_path
    )


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    with lived(place.url, place.folder) as world:
        yield world


def backed_up(world: World, place: Place) -> dict[str, object]:
    return backup_report(world.service.settings, place.backup, Stages())


def restored(world: World, place: Place, url: str, **how: bool) -> dict[str, object]:
    return restore_report(replace(world.service.settings, database_url=url), place.backup, Stages(), **how)


def test_who_was_erased_after_the_backup_does_not_come_back(world: World, place: Place) -> None:
    told = backed_up(world, place)
    assert told["records"] == 9
    before = everything(place.url)
    erased = world.erase("1")
    world.tell("9", *PEOPLE[1][1:], source="ecommerce")
    assert everything(place.url) != before

    report = restored(world, place, place.empty)
    assert report["holds"] is True, report
    assert report["erased_again"] == 1
    back = Service(replace(world.service.settings, database_url=place.empty))
    with closing(back.store):
        (id_of_hers, record, other) = back.lookup(
            [ByGoldenId(erased), ByRecord(pos("1")), ByRecord(pos("5"))]
        )
        assert (id_of_hers.status, record.status, other.status) == ("erased", "unknown", "live")
        told_again = {"source": "pos", "source_record_id": "1", "given_name": "Ines", "family_name": "Okafor"}
        (refused,) = ingest(back.desk, [arrival(told_again)])
        assert refused.problem
        assert refused.problem.code == "E323"
    held = "\n".join(str(row) for table in everything(place.empty).values() for row in table)
    assert "Okafor" not in held
    assert "ines@example.com" not in held
    assert "Lindqvist" in held, "everybody else is there"


def test_who_was_erased_does_not_come_back_where_the_index_is_to_be_built_anew(
    world: World, place: Place
) -> None:
    backed_up(world, place)
    erased = world.erase("1")
    told = (place.folder / "journal.ndjson").read_bytes()
    (place.folder / "journal.ndjson").write_bytes(b"")
    restored(world, place, place.empty)
    (place.folder / "journal.ndjson").write_bytes(told)
    spoil(place.empty, "UPDATE setting SET value = 'another' WHERE name = 'index_version'")
    back = Service(replace(world.service.settings, database_url=place.empty))
    with closing(back.store):
        full(back.night, Stages())
        answers = back.lookup([ByGoldenId(erased), ByRecord(pos("1")), ByRecord(pos("5"))])
        assert [answer.status for answer in answers] == ["erased", "unknown", "live"]
    assert "Okafor" not in str(everything(place.empty))


def test_what_is_put_back_is_what_was_copied(world: World, place: Place) -> None:
    backed_up(world, place)
    before = everything(place.url)
    restored(world, place, place.empty)
    after = everything(place.empty)
    assert {name for name in before if before[name] != after[name]} == set()


def test_a_database_in_use_is_left_alone_and_one_that_nobody_has_open_is_replaced(
    world: World, place: Place
) -> None:
    backed_up(world, place)
    world.tell("19", "Hilde", "Brandt", "hilde@example.com", "1970-01-02")
    before = everything(place.url)
    with pytest.raises(StoreError, match=r"E431.*tables already"):
        restored(world, place, place.url)
    world.service.store.close()
    with closing(database_at(place.url, 1)) as other, other.read() as look:
        look.exec_driver_sql("SELECT count(*) FROM setting")
        with pytest.raises(StoreError, match=r"E431.*open"):
            restored(world, place, place.url, replace=True)
    assert everything(place.url) == before
    report = restored(world, place, place.url, replace=True)
    assert report["holds"] is True
    assert rows(place.url, "SELECT count(*) FROM source_record WHERE source_record_id = '19'") == [(0,)]


def test_tables_of_a_later_version_do_not_stay_behind(world: World, place: Place) -> None:
    backed_up(world, place)
    spoil(place.url, "CREATE TABLE of_tomorrow (name TEXT)")
    world.service.store.close()
    restored(world, place, place.url, replace=True)
    with pytest.raises(Exception, match="of_tomorrow"):
        rows(place.url, "SELECT * FROM of_tomorrow")


def test_a_backup_is_one_moment_whoever_writes_meanwhile(world: World, place: Place) -> None:
    stop, failed = threading.Event(), []

    def write() -> None:
        number = 100
        while not stop.is_set():
            try:
                world.tell(
                    str(number), f"Given{number}", f"Family{number}", f"p{number}@example.com", "1980-01-02"
                )
            except Exception as problem:
                failed.append(problem)
                return
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            backup_report(world.service.settings, place.folder / f"copy-{number}", Stages())
    finally:
        stop.set()
        writer.join()
    assert failed == []
    settings = replace(world.service.settings, database_url=place.empty)
    for number in range(3):
        report = restore_report(settings, place.folder / f"copy-{number}", Stages(), replace=number > 0)
        assert report["holds"] is True, report
    assert verify_report(world.service.settings, 5, Stages())["holds"] is True


def test_without_a_journal_it_has_to_be_said_that_nobody_was_erased(world: World, place: Place) -> None:
    backed_up(world, place)
    lost = replace(world.service.settings, database_url=place.empty, erasures=place.folder / "lost.ndjson")
    with pytest.raises(StoreError, match=r"E432.*journal"):
        restore_report(lost, place.backup, Stages())
    with pytest.raises(StoreError, match="E403"):
        verify_report(lost, 5, Stages())
    assert restore_report(lost, place.backup, Stages(), journal=False)["erased_again"] == 0


def test_an_erasure_that_the_journal_lacks_is_written_there_before_the_copy(
    world: World, place: Place
) -> None:
    journal = world.service.settings.erasures
    journal.write_text("")
    backed_up(world, place)
    assert len(world.journal.erasures()) == 1


def test_a_backup_that_is_not_what_was_written_is_refused_and_nothing_is_touched(
    world: World, place: Place
) -> None:
    backed_up(world, place)
    copy = place.backup / COPY
    whole = copy.read_bytes()
    copy.write_bytes(whole[:-100])
    with pytest.raises(StoreError, match="E432"):
        restored(world, place, place.empty)
    copy.write_bytes(whole)
    page = (place.backup / PAGE).read_text()
    revision = world.service.store.revision()
    (place.backup / PAGE).write_text(page.replace(f'"revision": "{revision}"', '"revision": "9999"'))
    with pytest.raises(StoreError, match="E404"):
        restored(world, place, place.empty)
    (place.backup / PAGE).write_text("{}")
    with pytest.raises(StoreError, match="E432"):
        restored(world, place, place.empty)
    (place.backup / PAGE).unlink()
    with pytest.raises(StoreError, match="E432"):
        restored(world, place, place.empty)


def test_a_backup_replaces_none_and_is_its_owners_alone(world: World, place: Place) -> None:
    backed_up(world, place)
    with pytest.raises(FileError, match=r"E220.*there already"):
        backed_up(world, place)
    assert [file.name for file in place.backup.parent.iterdir()] == ["monday"], "nothing half-made is left"
    assert place.backup.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in place.backup.iterdir()} == {0o600}


@pytest.mark.postgresql
def test_without_the_programs_of_the_server_it_is_said_what_to_do(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lived(postgresql_url, tmp_path) as world:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(StoreError, match=r"E430.*pg_dump.*client programs"):
            backup_report(world.service.settings, tmp_path / "copy", Stages())
    assert not (tmp_path / "copy").exists()


def test_at_the_command_line(tmp_path: Path, sqlite_url: str) -> None:
    with lived(sqlite_url, tmp_path), pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDENTITY_ERASURES", str(tmp_path / "journal.ndjson"))
        patch.setenv("IDENTITY_INDEX_SECRET", "a secret of the tests")
        made = identity("backup", tmp_path / "copy", "--json", database=sqlite_url)
        assert (made.report["records"], made.report["folder"]) == (9, str(tmp_path / "copy"))
        assert "9 records" in identity("backup", tmp_path / "other", database=sqlite_url).out
        target = tmp_path / "restored.db"
        put_back = identity("restore", tmp_path / "copy", database=target)
        assert put_back.code == 0, put_back.err
        assert "Everything is as promised." in put_back.out
        identity("restore", tmp_path / "copy", database=target).complains("E431")
        again = identity("restore", tmp_path / "copy", "--replace", "--json", database=target)
        assert again.report["holds"] is True
        assert Settings(f"sqlite:///{target}").database_url
