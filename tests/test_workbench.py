"""What does not fit into memory is spilled where nobody else reads it, and goes with the work."""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from identity.bootstrap import Service, Settings
from identity.engines.duckdb import DuckDBEngine
from identity.engines.stages import Stages
from identity.model.errors import ModelError
from identity.workbench import _sweep, workbench
from tests.faults.rows.disks import many_alike

MUCH = "select count(distinct word) from (select hash(range)::text as word from range(3_000_000))"


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


def test_records_that_find_no_room_are_refused_without_what_the_database_said(tmp_path: Path) -> None:
    service = Service(Settings())
    engine = service.engine()
    assert isinstance(engine, DuckDBEngine)
    spill = tmp_path / "a file, where a folder should be"
    spill.write_text("")
    small = replace(engine, threads=1, memory="16MB", spill_directory=str(spill))
    with pytest.raises(ModelError, match=r"E609.*IDENTITY_MEMORY") as refused:
        small.resolve(service.workshop_columns(many_alike(40_000)), Stages())
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("asked", ["select * from nowhere", "select * from '/nowhere/at/all.parquet'"])
def test_what_is_wrong_otherwise_is_told_as_it_is(asked: str) -> None:
    with workbench() as work, pytest.raises(duckdb.Error):
        work.sql(asked)


def test_what_killed_processes_left_behind_goes_and_what_others_hold_stays(tmp_path: Path) -> None:
    left, held, young = (tmp_path / f"identity-spill-{name}" for name in ("left", "held", "young"))
    for folder in (left, held, young):
        folder.mkdir()
        (folder / "held").write_text("")
        (folder / "duckdb_temp_storage_DEFAULT-0.tmp").write_text("Zora Kanari")
    old = time.time() - 3_600
    for folder in (left, held):
        os.utime(folder, (old, old))
    with (held / "held").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _sweep.cache_clear()
        with workbench(spill=str(tmp_path)):
            pass
        assert sorted(folder.name for folder in tmp_path.iterdir()) == [held.name, young.name]
