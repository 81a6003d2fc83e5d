"""What does not fit into memory and onto the disk is refused in one sentence, and leaves nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from identity.bootstrap import Service, Settings
from identity.engines.duckdb import DuckDBEngine
from identity.engines.room import room
from identity.engines.stages import Stages
from identity.model.errors import ModelError
from tests.faults.rows.disks import many_alike

_MANY = "create table many as select range as one, repeat('x', 100) || range as other from range(2000000)"


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


def overfilled(folder: Path) -> None:
    with room() as work:
        work.execute(f"set memory_limit='24MB'; set temp_directory='{folder}'")
        work.execute("set max_temp_directory_size='1MB'")
        work.execute(_MANY + " order by other desc")


def test_what_was_spilled_goes_with_the_work(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="E609"):
        overfilled(tmp_path)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
    with room() as work:
        assert work.execute("select 1").fetchall() == [(1,)]
