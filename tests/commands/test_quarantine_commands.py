"""Rows that were set aside, at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.quarantine.conftest import HEAD, till

from .terminal import identity


@pytest.fixture
def database(tmp_path: Path, migrated_file: Path) -> Path:
    copy = tmp_path / "identity.db"
    copy.write_bytes(migrated_file.read_bytes())
    file = tmp_path / "till.csv"
    rows = [till(1, "31.02.1980"), till(2, "31.02.1981"), till(3, "01.02.1980"), "4;Anna"]
    file.write_text("\n".join((HEAD, *rows)) + "\n", encoding="cp1252")
    assert identity("ingest", f"pos={file}", "--json", database=copy).code == 0
    return copy


def test_what_waits_is_listed_without_what_it_says(database: Path) -> None:
    report = identity("quarantine", "list", "--json", database=database).report
    assert {(each["code"], each["rows"]) for each in report["waiting"]} == {("E313", 2), ("E304", 1)}
    assert [row["code"] for row in report["rows"]] == ["E313", "E313", "E304"]
    assert report["rows"][0]["fix"].startswith("Correct the day")
    assert "Alder" not in str(report)
    only = identity("quarantine", "list", "--code", "E304", "--limit", "1", database=database)
    assert "E304" in only.out
    assert "E313" not in only.out


def test_a_row_is_mended(database: Path) -> None:
    number = identity("quarantine", "list", "--json", database=database).report["rows"][0]["id"]
    failed = identity("quarantine", "mend", str(number), "BIRTHDAY=32.01.1980", database=database)
    assert failed.code == 1
    assert "still cannot be taken. E313" in failed.out
    words = ("quarantine", "mend", str(number), "BIRTHDAY=01.02.1980", "--actor", "ana", "--json")
    done = identity(*words, database=database).report
    assert (done["record"], done["outcome"]) == ("pos:1", "accepted")
    assert identity(*words, database=database).report == done
    assert identity("quarantine", "mend", str(number), "BIRTHDAY", database=database).code == 2
    identity("quarantine", "mend", "999", database=database).complains("E509")


def test_rows_are_tried_again_and_dropped(database: Path) -> None:
    again = identity("quarantine", "redrive", "--source", "pos", "--most", "2", "--json", database=database)
    assert again.code == 1
    assert '"left": 1' in again.out
    again = identity("quarantine", "redrive", database=database)
    assert "3 tried: 0 taken, 2 not" in again.out
    assert "1 could not be split" in again.out
    numbers = [
        row["id"] for row in identity("quarantine", "list", "--json", database=database).report["rows"]
    ]
    words = ("quarantine", "drop", *map(str, numbers), "--reason", "a test of the till")
    assert identity(*words, "--json", database=database).report == {"dropped": 3}
    assert identity(*words, database=database).code == 1
    assert "Nothing waits" in identity("quarantine", "list", database=database).out
