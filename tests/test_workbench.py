"""What does not fit into memory is spilled where nobody else reads it, and goes with the work."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from identity.bootstrap import Service, Settings
from identity.connectors import crosswalks
from identity.connectors.crosswalks import read_crosswalk
from identity.engines.duckdb import DuckDBEngine
from identity.engines.stages import Stages
from identity.model.errors import ModelError
from identity.workbench import forget_spills, lacks_room, workbench
from tests.faults.rows.disks import many_alike

MUCH = "select count(distinct word) from (select hash(range)::text as word from range(3_000_000))"
SPILLS = """
import sys
from identity.workbench import workbench
with workbench(1, "40MB", sys.argv[1]) as work:
    work.execute("create table told as select 'Zora Kanari ' || range as name from range(3_000_000)")
    print("spilled", flush=True)
    sys.stdin.read()
"""


@contextmanager
def somebody_at_work(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has spilled into this folder, and works on until it is told to end."""
    command = [sys.executable, "-c", SPILLS, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == b"spilled\n"
            yield process
        finally:
            process.kill()


def spilled(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and b"Zora Kanari" in file.read_bytes()]


@contextmanager
def cramped(*_: object) -> Iterator[duckdb.DuckDBPyConnection]:
    """A workbench with neither memory nor disk for much."""
    with workbench(1, "20MB") as work:
        work.execute("set max_temp_directory_size='1MB'")
        yield work


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """Have the system itself refuse to write on, as a disk that is full does, and without being root."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def test_what_is_spilled_is_private_and_gone_with_the_work(tmp_path: Path) -> None:
    with workbench(1, "40MB", str(tmp_path)) as work:
        (folder,) = tmp_path.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert work.sql(MUCH).fetchall() == [(3_000_000,)]
    assert list(tmp_path.iterdir()) == []


def test_where_neither_memory_nor_disk_suffice_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"E609.*TMPDIR") as refused:
        overfilled(tmp_path)
    assert refused.value.__cause__ is None
    assert list(tmp_path.iterdir()) == []


def overfilled(folder: Path) -> None:
    with workbench(1, "40MB", str(folder)) as work:
        work.execute("set max_temp_directory_size='1MB'")
        work.sql(MUCH).fetchall()


def test_a_write_that_the_system_refuses_for_room_is_said_to_be_that(tmp_path: Path) -> None:
    with (
        pytest.raises(ModelError, match=r"E609.*not enough room"),
        workbench(1, "40MB", str(tmp_path)) as work,
        files_no_longer_than(256 * 1024),
    ):
        work.sql(MUCH).fetchall()
    assert list(tmp_path.iterdir()) == []


def test_a_crosswalk_that_finds_no_room_is_not_said_to_be_a_bad_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "crosswalk.csv"
    rows = "".join(f"crm,{each:040d},{'m' * 40}{each}\n" for each in range(300_000))
    file.write_text(f"source,source_record_id,master_id\n{rows}", encoding="utf-8")
    assert read_crosswalk(file).num_rows == 300_000
    monkeypatch.setattr(crosswalks, "workbench", cramped)
    with pytest.raises(ModelError, match="E609"):
        read_crosswalk(file)


def test_records_without_a_folder_to_spill_into_are_refused(tmp_path: Path) -> None:
    service = Service(Settings())
    engine = service.engine()
    assert isinstance(engine, DuckDBEngine)
    spill = tmp_path / "a file, where a folder should be"
    spill.write_text("")
    small = replace(engine, threads=1, memory="16MB", spill_directory=str(spill))
    with pytest.raises(ModelError, match=r"E609.*No folder.*TMPDIR") as refused:
        small.resolve(service.workshop_columns(many_alike(40_000)), Stages())
    assert refused.value.__cause__ is None


def test_where_there_are_no_temporary_files_at_all_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    forget_spills()
    with pytest.raises(ModelError, match=r"E609.*No folder.*TMPDIR"), workbench():
        pass


@pytest.mark.parametrize("asked", ["select * from nowhere", "select * from '/nowhere/at/all.parquet'"])
def test_what_is_wrong_otherwise_is_told_as_it_is(asked: str) -> None:
    with workbench() as work, pytest.raises(duckdb.Error):
        work.sql(asked)


@pytest.mark.parametrize(
    ("told", "room"),
    [
        ('IO Error: Could not write file "/srv/x": No space left on device', True),
        ('IO Error: Could not write file "/srv/x": Disk quota exceeded', True),
        ('IO Error: Could not write file "/srv/x": Input/output error', False),
        ('IO Error: Cannot open file "/srv/x": Permission denied', False),
        ('IO Error: Cannot open file "/srv/x": No such file or directory', False),
    ],
)
def test_only_a_lack_of_room_is_called_one(told: str, room: bool) -> None:
    assert lacks_room(duckdb.IOException(told)) is room


def test_an_error_that_only_quotes_such_words_is_no_lack_of_room() -> None:
    assert not lacks_room(duckdb.ConversionException("Could not convert string 'No space left' to INT32"))


def test_what_a_killed_process_has_spilled_goes_as_soon_as_somebody_works_again(tmp_path: Path) -> None:
    with workbench(spill=str(tmp_path)):
        pass
    with somebody_at_work(tmp_path) as killed:
        assert spilled(tmp_path)
        killed.kill()
        killed.wait()
    assert spilled(tmp_path)
    with workbench(spill=str(tmp_path)):
        assert spilled(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_what_a_process_at_work_has_spilled_stays(tmp_path: Path) -> None:
    with somebody_at_work(tmp_path):
        before = spilled(tmp_path)
        with workbench(spill=str(tmp_path)):
            forget_spills(str(tmp_path))
            assert len(list(tmp_path.iterdir())) == 2
        assert before
        assert spilled(tmp_path) == before


def test_a_removal_that_is_cut_short_leaves_nothing_that_nobody_would_find(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):  # whatever the order in which a folder tells its files
        left = tmp_path / f"identity-spill-{number}"
        left.mkdir()
        for name in ("a.tmp", "held", "z.tmp"):
            (left / name).write_text("Zora Kanari" if name != "held" else "")
    whole, removed = Path.unlink, list[str]()

    def cut_short(file: Path, missing_ok: bool = False) -> None:
        whole(file, missing_ok)
        removed.append(file.name)
        if len(removed) % 2 == 0:
            raise OSError("as good as killed")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", cut_short)
        forget_spills(str(tmp_path))
    assert len(removed) == 40
    assert "held" not in removed
    assert all((folder / "held").exists() for folder in tmp_path.iterdir())
    forget_spills(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_just_being_made_stays(tmp_path: Path) -> None:
    made = tmp_path / "identity-spill-made"
    made.mkdir()
    (made / "made").write_text("")
    forget_spills(str(tmp_path))
    assert made.exists()
