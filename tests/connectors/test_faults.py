"""One fixture per fault, named after it: the bad row is told by code and place, the others are taken."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from identity.connectors.faults import FIELD_LIMIT, FILE_FAULTS, ROW_FAULTS, RowOutcome
from identity.connectors.files import read_canonical_file
from identity.connectors.intake import Intake
from identity.model.errors import FileError

FAULTS = Path(__file__).parent / "faults"
TODAY = date(2026, 6, 1)

ROW_CASES = {
    "undecodable.csv": ("E301", None),
    "undecodable.jsonl": ("E301", None),
    "nul_byte.csv": ("E302", "given_name"),
    "escaped_nul.jsonl": ("E302", "note.text"),
    "control_character.csv": ("E303", "given_name"),
    "escaped_control_character.jsonl": ("E303", "given_name"),
    "field_missing.csv": ("E304", None),
    "field_too_many.csv": ("E304", None),
    "quote_never_closed.csv": ("E305", None),
    "not_json.jsonl": ("E306", None),
    "not_a_number.jsonl": ("E306", None),
    "nested_too_deep.jsonl": ("E306", None),
    "not_an_object.jsonl": ("E307", None),
    "half_a_surrogate_pair.jsonl": ("E308", "given_name"),
    "list_for_a_value.jsonl": ("E310", "email"),
    "no_record_id.csv": ("E311", "source_record_id"),
    "no_record_id.jsonl": ("E311", "source_record_id"),
    "no_source.csv": ("E312", "source"),
    "rounded_record_id.csv": ("E316", "source_record_id"),
    "rounded_loyalty_id.csv": ("E316", "loyalty_id"),
    "consents_not_json.csv": ("E317", "consents"),
    "consent_status_unknown.csv": ("E317", "consents"),
    "replaced_later.csv": ("E340", None),
}
FILE_CASES = {
    "absent.csv": "E201",
    ".": "E202",
    "empty.csv": "E204",
    "empty.jsonl": "E204",
    "empty.parquet": "E204",
    "no_header.csv": "E204",
    "repeated_column.csv": "E205",
    "no_record_id_column.csv": "E206",
    "not_parquet.parquet": "E207",
    "no_source_column.csv": "E210",
    "undecodable_header.csv": "E211",
}


def read(path: Path) -> Intake:
    intake = read_canonical_file(path, today=TODAY)
    assert intake.accepted + intake.quarantined + intake.rejected == intake.rows
    return intake


@pytest.mark.parametrize("name", ROW_CASES)
def test_a_bad_row_is_reported_with_its_place_and_the_others_are_taken(name: str) -> None:
    intake = read(FAULTS / name)
    (issue,) = intake.issues
    assert (issue.code, issue.column, issue.row) == (*ROW_CASES[name], 2)
    assert issue.outcome is ROW_FAULTS[issue.code].outcome
    assert intake.records["source_record_id"].to_pylist() == ["1", "3"]
    assert intake.records["row"].to_pylist() == [1, 3]
    assert intake.rows == 3


@pytest.mark.parametrize("name", ROW_CASES)
def test_a_report_can_be_stored_and_its_message_repeats_no_value(name: str) -> None:
    (issue,) = read(FAULTS / name).issues
    assert "\0" not in issue.raw
    assert 0 < len(issue.raw.encode()) <= FIELD_LIMIT
    assert not any(value in issue.message for value in ("Berg", "Anna", "J\\xfc", "Jürgen"))
    assert name in issue.message


@pytest.mark.parametrize("name", FILE_CASES)
def test_a_file_that_cannot_serve_is_refused_by_name(name: str) -> None:
    with pytest.raises(FileError) as caught:
        read(FAULTS / name)
    assert caught.value.code == FILE_CASES[name]
    assert str(FAULTS / name) in caught.value.message
    assert caught.value.remedy


def test_every_fixture_is_used() -> None:
    assert {path.name for path in FAULTS.iterdir()} <= ROW_CASES.keys() | FILE_CASES.keys()


def test_every_code_stands_in_its_hundred_and_has_an_outcome_for_its_decade() -> None:
    assert all(code.startswith("E2") for code in FILE_FAULTS)
    decades = {"E30": "quarantined", "E31": "quarantined", "E34": "rejected", "E36": "warning"}
    assert all(fault.outcome == decades[code[:3]] for code, fault in ROW_FAULTS.items())


def test_a_file_this_account_may_not_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "locked.csv"
    path.write_text("source_record_id\n1\n")
    monkeypatch.setattr(Path, "open", locked)
    with pytest.raises(FileError) as caught:
        read_canonical_file(path, source="pos")
    assert caught.value.code == "E203"


def test_a_field_of_ten_megabytes_costs_its_row_only_and_is_not_held(tmp_path: Path) -> None:
    giant = "x" * 10_000_000
    for name, text in {
        "giant.csv": f"source,source_record_id,city\npos,1,Ulm\npos,2,{giant}\npos,3,Ulm\n",
        "giant_quoted.csv": f'source,source_record_id,city\npos,1,Ulm\npos,2,"{giant}"\npos,3,Ulm\n',
        "giant.jsonl": f'{{"source":"pos","source_record_id":1}}\n{{"source_record_id":"{giant}"}}\n'
        '{"source":"pos","source_record_id":3}\n',
    }.items():
        path = tmp_path / name
        path.write_text(text)
        intake = read(path)
        assert [issue.code for issue in intake.issues] == ["E309"]
        assert len(intake.issues[0].raw) < 2000
        assert intake.records["source_record_id"].to_pylist() == ["1", "3"]


def test_a_field_just_over_the_limit_is_too_long_and_one_at_the_limit_is_not(tmp_path: Path) -> None:
    path = tmp_path / "limit.csv"
    at, over = "é" * (FIELD_LIMIT // 2), "é" * (FIELD_LIMIT // 2) + "x"
    path.write_text(f"source,source_record_id,city\npos,1,{at}\npos,2,{over}\n", encoding="utf-8")
    assert [(issue.row, issue.code, issue.column) for issue in read(path).issues] == [(2, "E309", "city")]


def test_impossible_birth_dates_of_canonical_files_are_kept_and_warned_of(tmp_path: Path) -> None:
    dates = ["1980-02-31", "2027-01-01", "1899-01-01", "1900-01-01", "0000-00-00", "1916-00-17", "03/04/1985"]
    path = tmp_path / "dates.csv"
    rows = "".join(f"pos,{at},{text}\n" for at, text in enumerate(dates, start=1))
    path.write_text(f"source,source_record_id,birth_date\n{rows}")
    intake = read(path)
    found = {issue.row: issue.code for issue in intake.issues}
    assert found == {1: "E363", 2: "E364", 3: "E365", 6: "E363"}
    assert all(issue.outcome is RowOutcome.WARNING for issue in intake.issues)
    assert intake.records["birth_date"].to_pylist() == dates


def test_a_flood_of_warnings_is_shown_in_part_and_counted_in_full(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    rows = "".join(f"pos,{at},1700-01-01\n" for at in range(1500))
    path.write_text(f"source,source_record_id,birth_date\n{rows}")
    intake = read(path)
    assert intake.accepted == 1500
    assert len(intake.issues) == 1001
    assert "500 more rows" in intake.issues[0].message
