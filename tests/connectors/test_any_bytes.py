"""Whatever stands in a file: it is refused as a whole, or every row of it is counted once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.connectors import csv_columns
from identity.connectors.files import read_canonical_file, read_source_file
from identity.connectors.intake import Intake
from identity.model.errors import FileError
from matching_rules.loader import load_source_policies, rules_directory

POLICIES = load_source_policies(rules_directory())
TODAY = date(2026, 6, 1)
HEADER = b"source_record_id,given_name,birth_date,observed_at,consents\n"
PIECES = [
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\xff",
    b"\0",
    b"1",
    b"Anna",
    b'""',
    b"1980-02-31",
    b"\xef\xbb\xbf",
    b" ",
    b"\x07",
]
TOKENS = [
    *PIECES,
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b'"source_record_id"',
    b"null",
    b"1e999",
    b"\\ud800",
    b"-0.0",
    b"9" * 30,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bytes")


def check(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    reads: list[Callable[[], Intake]] = [
        partial(read_canonical_file, path, source="pos", today=TODAY),
        *(partial(read_source_file, path, POLICIES[name], today=TODAY) for name in ("pos", "ecommerce")),
    ]
    for read in reads:
        try:
            intake = read()
        except FileError:
            continue
        assert intake.accepted + intake.quarantined + intake.rejected == intake.rows


@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=400))
@pytest.mark.parametrize("extension", ["csv", "jsonl", "parquet"])
def test_any_bytes_are_refused_or_accounted_for(folder: Path, extension: str, content: bytes) -> None:
    check(folder / f"any.{extension}", content)


@settings(max_examples=60, deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_rows_under_a_header_are_accounted_for(folder: Path, pieces: list[bytes]) -> None:
    check(folder / "rows.csv", HEADER + b"".join(pieces))


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(st.lists(st.sampled_from(TOKENS), max_size=8), max_size=6))
def test_any_lines_of_json_pieces_are_accounted_for(folder: Path, lines: list[list[bytes]]) -> None:
    check(folder / "lines.jsonl", b"\n".join(b"{" + b"".join(line) + b"}" for line in lines))


CELL = st.text(alphabet='ab,"\n\r é\t', max_size=6)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(st.sampled_from("12345"), CELL, CELL), max_size=8), quoted=st.booleans())
def test_the_fast_way_through_a_csv_file_says_what_the_careful_way_says(
    folder: Path, rows: list[tuple[str, str, str]], quoted: bool
) -> None:
    path = folder / "both.csv"
    cells = [[_quoted(cell) if quoted else cell for cell in row] for row in rows]
    text = "\n".join(",".join(row) for row in [["source_record_id", "given_name", "city"], *cells])
    path.write_bytes(text.encode())
    assert _read(path, worth_it=0) == _read(path, worth_it=1 << 40)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _read(path: Path, worth_it: int) -> tuple[object, ...]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_columns, "_WORTH_IT", worth_it)
        intake = read_canonical_file(path, source="pos", today=TODAY)
    issues = [(issue.row, issue.code, issue.column) for issue in intake.issues]
    return intake.rows, intake.records.to_pylist(), issues
