"""Bad rows and bad files: each is set aside or refused under its own code, and no row beside it is harmed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from identity.connectors.files import read_canonical_file
from identity.connectors.intake import Intake
from identity.connectors.opening import recognise
from identity.model.errors import FileError
from identity.model.policy import FileFormat
from tests.corpus.rows import CSV_FILES, CSV_HEAD, CSV_ROWS, ENCODED, JSON_ROWS, UNDECODABLE, RowCase

TODAY = date(2026, 6, 1)
FIRST, LAST = ("first", "last")
Wrap = Callable[[bytes], bytes]


def read(path: Path) -> Intake:
    return read_canonical_file(path, today=TODAY)


def in_csv(content: bytes) -> bytes:
    return CSV_HEAD + b"pos,first,Zoe,Oslo\n" + content + b"pos,last,Zoe,Oslo\n"


def in_json(content: bytes) -> bytes:
    good = b'{"source":"pos","source_record_id":"%b"}\n'
    return good % b"first" + content + good % b"last"


def wrong(path: Path, case: RowCase, wrap: Wrap) -> str | None:
    """Return what became of the rows of a case, or of those beside them, that should not have."""
    path.write_bytes(wrap(case.content))
    intake = read(path)
    if intake.accepted + intake.quarantined + intake.rejected != intake.rows:
        return f"{intake.rows} rows, of which {intake.accepted}+{intake.quarantined}+{intake.rejected} are told of"
    if intake.rows != len(case.becomes) + 2:
        return f"read as {intake.rows - 2} rows"
    ids = intake.records["source_record_id"].to_pylist()
    if ids[:1] != [FIRST] or ids[-1:] != [LAST]:
        return f"its neighbours were harmed: {ids}"
    refused = {issue.row: issue.code for issue in intake.issues if str(issue.outcome) != "warning"}
    found = tuple(refused.get(row, "") for row in range(2, intake.rows))
    return None if found == case.becomes else f"{found}, not {case.becomes}"


def complaints(folder: Path, name: str, cases: list[RowCase], wrap: Wrap) -> str:
    found = {case: problem for case in cases if (problem := wrong(folder / name, case, wrap))}
    return "\n".join(f"{case.family}: {case.content[:90]!r}: {problem}" for case, problem in found.items())


def test_every_row_of_csv_comes_to_what_the_corpus_says(tmp_path: Path) -> None:
    assert complaints(tmp_path, "a.csv", CSV_ROWS, in_csv) == ""


def test_every_line_of_json_comes_to_what_the_corpus_says(tmp_path: Path) -> None:
    assert complaints(tmp_path, "a.jsonl", JSON_ROWS, in_json) == ""


def test_every_file_is_refused_under_its_code_or_read(tmp_path: Path) -> None:
    found = {}
    for case in CSV_FILES:
        (tmp_path / case.name).write_bytes(case.content)
        try:
            became = ("", read(tmp_path / case.name).accepted)
        except FileError as refused:
            became = (refused.code, 0)
        if became != (case.code, case.taken):
            found[case.content[:60]] = (became, (case.code, case.taken))
    assert found == {}


def _undecodable(before: bytes, after: bytes) -> list[RowCase]:
    return [RowCase("undecodable bytes", before + each + after, ("E301",)) for each in UNDECODABLE]


def test_bytes_that_are_no_text_cost_their_own_row(tmp_path: Path) -> None:
    assert complaints(tmp_path, "a.csv", _undecodable(b"pos,1,", b",Ulm\n"), in_csv) == ""
    lines = _undecodable(b'{"source":"pos","source_record_id":"1","city":"', b'"}\n')
    assert complaints(tmp_path, "a.jsonl", lines, in_json) == ""


def test_bytes_that_are_no_text_cost_their_own_row_of_parquet(tmp_path: Path) -> None:
    names = [b"Anna", *UNDECODABLE, b"Bert"]
    ids = pa.array([str(n) for n in range(len(names))])
    table = {
        "source": pa.array(["pos"] * len(names)),
        "source_record_id": ids,
        "given_name": pa.array(names, pa.binary()),
    }
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    intake = read(tmp_path / "a.parquet")
    assert (intake.accepted, intake.quarantined, intake.rows) == (2, len(UNDECODABLE), len(names))
    assert {issue.code for issue in intake.issues if issue.column} == {"E301"}


def test_names_of_other_encodings_are_set_aside_unless_they_are_text(tmp_path: Path) -> None:
    def with_key(content: bytes) -> bytes:
        return in_csv(b"pos,1," + content + b",Ulm\n")

    assert len(ENCODED) > 100
    assert complaints(tmp_path, "a.csv", ENCODED, with_key) == ""


def test_a_mark_at_the_beginning_says_which_unicode_it_is(tmp_path: Path) -> None:
    text = (CSV_HEAD + "pos,1,José,Łódź\npos,2,さくら,😀\n".encode()).decode()
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        (tmp_path / "a.csv").write_bytes(text.encode(encoding))
        assert (
            recognise(tmp_path / "a.csv", FileFormat("csv", "cp1252")).file_format.encoding != "cp1252"
            or encoding == "utf-8"
        )
        intake = read(tmp_path / "a.csv")
        assert intake.records["city"].to_pylist() == ["Łódź", "😀"], encoding
