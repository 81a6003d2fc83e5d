"""Where there is no room to compare in, that is said under a code; and what was spilled is nowhere afterwards."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from identity.model.errors import ModelError
from identity.workbench import workbench

_MUCH = "select count(distinct word) from (select hash(range)::text as word from range(3_000_000))"


def test_what_does_not_fit_into_memory_is_spilled_into_a_private_folder_that_is_gone_afterwards(
    tmp_path: Path,
) -> None:
    with workbench(1, "40MB", str(tmp_path)) as work:
        (folder,) = tmp_path.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert work.sql(_MUCH).fetchall() == [(3_000_000,)]
    assert list(tmp_path.iterdir()) == []


def test_where_neither_memory_nor_disk_suffice_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"E609.*TMPDIR"), workbench(1, "40MB", str(tmp_path)) as work:
        work.execute("set max_temp_directory_size='1MB'")
        work.sql(_MUCH).fetchall()
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_otherwise_is_told_as_it_is() -> None:
    with pytest.raises(duckdb.CatalogException), workbench() as work:
        work.sql("select * from nowhere")
