"""The matrix reports what goes wrong, is documented row by row, and its cheapest rows hold."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.faults.__main__ import main
from tests.faults.fault import CannotRun, Fault, Inject
from tests.faults.ground import Ground, Scene
from tests.faults.matrix import FAULTS, chosen
from tests.faults.running import exit_code, inject_once, run, table

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with ExitStack() as stack:
        yield Ground(stack)


def planted(inject: Inject) -> Fault:
    return Fault("planted", "nothing", "a complaint", 2, inject)


def nothing(_: Scene) -> Sequence[str]:
    return []


def spoilt(scene: Scene) -> Sequence[str]:
    """A member of a profile that is not there, and the row itself sees nothing wrong."""
    with create_engine(scene.database("sqlite")).begin() as connection:
        connection.execute(
            text(
                "insert into crosswalk (source, source_record_id, golden_id, change_id, valid_from)"
                " values ('pos', '1', 'g1', 'c1', '2026-01-01 00:00:00')"
            )
        )
    return []


def raising(_: Scene) -> Sequence[str]:
    raise KeyError("what nobody foresaw")


def impossible(_: Scene) -> Sequence[str]:
    raise CannotRun("there is no such disk here")


def test_what_a_row_finds_is_a_violation_each_time(ground: Ground) -> None:
    (row,) = run([planted(lambda _: ["a write was lost"])], None, ground)
    assert row.violations == ("planted #0: a write was lost", "planted #1: a write was lost")
    assert (row.times, exit_code([row])) == (2, 1)


def test_what_only_the_products_checker_finds_is_a_violation(ground: Ground) -> None:
    found = inject_once(planted(spoilt), 0, ground)
    assert any(text.startswith("verify: ") for text in found), found


def test_what_nobody_foresaw_is_a_violation_and_the_next_row_goes_on(ground: Ground) -> None:
    first, second = run([planted(raising), planted(nothing)], 1, ground)
    assert first.violations == ("planted #0: KeyError: 'what nobody foresaw'",)
    assert (second.times, second.violations) == (1, ())


def test_a_row_that_cannot_be_run_is_no_success(ground: Ground) -> None:
    rows = run([planted(impossible), planted(nothing)], None, ground)
    assert (rows[0].missing, rows[0].times, exit_code(rows)) == ("there is no such disk here", 0, 2)
    assert "not run" in table(rows).splitlines()[1]


def test_rows_are_chosen_by_a_part_of_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert {fault.component for fault in chosen(["webhook: "])} == {"webhook"}
    assert main(["--only", "no such row"]) == 2
    assert main(["--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(FAULTS)


def test_every_row_is_documented_and_none_twice() -> None:
    documented = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    names = [fault.name for fault in FAULTS]
    assert len({*names}) == len(names)
    assert [name for name in names if f"| {name} |" not in documented] == []


@pytest.mark.parametrize("name", ["webhook: 410", "webhook: 3xx"])
def test_the_cheapest_rows_hold(ground: Ground, name: str) -> None:
    (fault,) = chosen([name])
    assert inject_once(fault, 0, ground) == []


def test_a_full_disk_keeps_nothing_half_done(ground: Ground) -> None:
    (fault,) = chosen(["disk full: spool"])
    try:
        assert inject_once(fault, 0, ground) == []
    except CannotRun:
        # Only root mounts a small disk.
        was_root = os.geteuid() == 0
        if was_root:
            raise
