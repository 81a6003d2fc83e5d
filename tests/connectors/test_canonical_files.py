"""Files whose columns are canonical: CSV, JSON lines and Parquet say the same."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from identity.connectors.files import read_canonical_file
from identity.connectors.intake import RECORD_COLUMNS
from identity.model.errors import FileError


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_record_has_all_columns_and_blanks_are_nothing(tmp_path: Path) -> None:
    text = "source_record_id,given_name,city,unheard_of\n 1 ,  Anna\u00a0,   ,x\n"
    intake = read_canonical_file(written(tmp_path / "a.csv", text), source="pos")
    (record,) = intake.records.to_pylist()
    assert tuple(record) == RECORD_COLUMNS
    known = {name: value for name, value in record.items() if value is not None}
    assert known == {"source": "pos", "source_record_id": "1", "given_name": "Anna", "row": 1}
    assert (intake.source, intake.file, intake.rows) == ("pos", str(tmp_path / "a.csv"), 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path, encoding: str) -> None:
    content = 'source,source_record_id,given_name\r\npos,1,"Zoë\r\nMaria"\r\n'.encode(encoding)
    intake = read_canonical_file(written(tmp_path / "marked.csv", content))
    assert intake.records["given_name"].to_pylist() == ["Zoë\r\nMaria"]


def test_line_ends_may_stand_in_quotes_and_lines_of_all_systems_end(tmp_path: Path) -> None:
    header = "source_record_id,street_address\n"
    text = header + '1,"Main Street 1\nBack door"\r\n2,"say ""hi"""\r3,"a,b"\n\n4,5" pipe'
    intake = read_canonical_file(written(tmp_path / "quotes.csv", text), source="pos")
    assert intake.records["street_address"].to_pylist() == [
        "Main Street 1\nBack door",
        'say "hi"',
        "a,b",
        '5" pipe',
    ]
    assert intake.rows == 4
    assert not intake.issues


def test_a_stray_quote_does_not_swallow_the_rows_up_to_the_next_one(tmp_path: Path) -> None:
    text = 'source_record_id,city\n1,"Ulm\n2,Bern\n3,"Graz"\n4,Wien\n'
    intake = read_canonical_file(written(tmp_path / "stray.csv", text), source="pos")
    assert [(issue.row, issue.code, issue.line) for issue in intake.issues] == [(1, "E305", 2)]
    assert intake.records["source_record_id"].to_pylist() == ["2", "3", "4"]


def test_a_header_alone_is_no_rows_and_no_fault(tmp_path: Path) -> None:
    intake = read_canonical_file(written(tmp_path / "none.csv", "source,source_record_id\n"))
    assert (intake.rows, intake.accepted, intake.issues) == (0, 0, ())


def test_numbers_become_the_text_they_were_written_in(tmp_path: Path) -> None:
    lines = (
        '{"source_record_id": 123.0, "postcode": 1234, "loyalty_id": 12345678901234567890123, "city": true}\n'
    )
    lines += '{"source_record_id": 124, "postcode": 1.50}\n'
    intake = read_canonical_file(written(tmp_path / "numbers.jsonl", lines), source="shop")
    found = intake.records.select(["source_record_id", "postcode", "loyalty_id", "city"]).to_pylist()
    assert list(found[0].values()) == ["123", "1234", "12345678901234567890123", "true"]
    assert list(found[1].values()) == ["124", "1.50", None, None]


def test_parquet_columns_of_any_scalar_type_become_text(tmp_path: Path) -> None:
    table = pa.table(
        {
            "source": pa.array(["erp", "erp"]).dictionary_encode(),
            "source_record_id": pa.array([7.0, 8.0]),
            "postcode": pa.array([1234, None], pa.int32()),
            "birth_date": pa.array([date(1980, 2, 3), None]),
            "tax_id": pa.array([Decimal("12.00"), None]),
            "loyalty_id": pa.array([b"A1", None]),
            "observed_at": pa.array([datetime(2024, 5, 1, 10, tzinfo=UTC), None]),
            "given_name": pa.array(["Anna", None], pa.large_string()),
            "person_id": pa.array([1, 2]),
        }
    )
    pq.write_table(table, tmp_path / "typed.parquet")
    intake = read_canonical_file(tmp_path / "typed.parquet", keep=["person_id"])
    first, second = intake.records.to_pylist()
    expected = {"source_record_id": "7", "postcode": "1234", "birth_date": "1980-02-03", "tax_id": "12"}
    expected |= {"loyalty_id": "A1", "observed_at": "2024-05-01T10:00:00Z", "given_name": "Anna"}
    assert {name: first[name] for name in expected} == expected
    assert second["source_record_id"] == "8"
    assert intake.records["person_id"].to_pylist() == [1, 2]


def test_midnights_are_birth_dates(tmp_path: Path) -> None:
    births = pa.array([date(1980, 2, 3), None]).cast(pa.timestamp("ns"))
    pq.write_table(pa.table({"source_record_id": ["1", "2"], "birth_date": births}), tmp_path / "b.parquet")
    intake = read_canonical_file(tmp_path / "b.parquet", source="erp")
    assert intake.records["birth_date"].to_pylist() == ["1980-02-03", None]


def test_parquet_text_that_is_no_text_costs_its_row(tmp_path: Path) -> None:
    names = pa.array([b"Anna", b"J\xfcrgen"]).view(pa.string())
    pq.write_table(pa.table({"source_record_id": ["1", "2"], "given_name": names}), tmp_path / "c.parquet")
    intake = read_canonical_file(tmp_path / "c.parquet", source="erp")
    assert [(issue.row, issue.code, issue.column) for issue in intake.issues] == [(2, "E301", "given_name")]
    assert intake.records["given_name"].to_pylist() == ["Anna"]


@pytest.mark.parametrize("values", [[["a"], ["b"]], [{"x": 1}, {"x": 2}]])
def test_parquet_with_lists_or_objects_for_values_is_refused(tmp_path: Path, values: list[object]) -> None:
    pq.write_table(pa.table({"source_record_id": ["1", "2"], "email": values}), tmp_path / "nested.parquet")
    with pytest.raises(FileError, match="email") as caught:
        read_canonical_file(tmp_path / "nested.parquet", source="erp")
    assert caught.value.code == "E208"


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "whole.parquet"
    pq.write_table(pa.table({"source_record_id": [str(at) for at in range(5000)]}), path)
    content = bytearray(path.read_bytes())
    content[100:2000] = bytes(1900)
    with pytest.raises(FileError) as caught:
        read_canonical_file(written(tmp_path / "damaged.parquet", bytes(content)), source="erp")
    assert caught.value.code in ("E207", "E213")


def test_a_kept_column_passes_untouched_and_a_custom_one_is_read_like_an_attribute(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "source_record_id,truth,shoe_size\n1, P1 , 42 \n")
    intake = read_canonical_file(path, source="pos", keep=["truth"], custom=["shoe_size", "absent"])
    (record,) = intake.records.to_pylist()
    assert (record["truth"], record["shoe_size"], record["absent"]) == (" P1 ", "42", None)


@pytest.mark.parametrize(("keep", "code"), [("truth", "E209"), ("email", "E212")])
def test_a_column_to_keep_has_to_be_there_and_be_none_of_ours(tmp_path: Path, keep: str, code: str) -> None:
    path = written(tmp_path / "a.csv", "source_record_id,email\n1,a@b.example\n")
    with pytest.raises(FileError) as caught:
        read_canonical_file(path, source="pos", keep=[keep])
    assert caught.value.code == code


def test_moments_and_consents_pass_where_they_can_be_read(tmp_path: Path) -> None:
    consents = '{"marketing.email":{"status":"granted","captured_at":"2024-05-01T10:00:00+02:00"}}'
    cell = '"' + consents.replace('"', '""') + '"'
    text = f"source_record_id,observed_at,consents\n1,2024-05-01 10:00,{cell}\n2,yesterday,\n"
    intake = read_canonical_file(written(tmp_path / "m.csv", text), source="pos")
    assert intake.records["observed_at"].to_pylist() == ["2024-05-01T10:00:00Z", None]
    assert intake.records["consents"].to_pylist() == [consents, None]
    assert [(issue.code, issue.column) for issue in intake.issues] == [("E361", "observed_at")]


def test_a_line_of_json_says_what_a_record_of_the_api_says(tmp_path: Path) -> None:
    """Consents and custom attributes are objects there; text and columns beside the others are as good."""
    line = '{"source_record_id":"1","custom":{"shoe_size":42},"consents":{"marketing.email":{"status":"granted"}}}'
    flat = '{"source_record_id":"2","shoe_size":"43","consents":"{\\"marketing.email\\":{\\"status\\":\\"denied\\"}}"}'
    path = written(tmp_path / "lines.ndjson", f"{line}\n{flat}\n")
    intake = read_canonical_file(path, source="pos", custom=["shoe_size"])
    assert not intake.issues
    assert intake.records["shoe_size"].to_pylist() == ["42", "43"]
    assert [json.loads(said) for said in intake.records["consents"].to_pylist()] == [
        {"marketing.email": {"status": "granted"}},
        {"marketing.email": {"status": "denied"}},
    ]


def test_other_objects_than_those_cost_their_row(tmp_path: Path) -> None:
    path = written(tmp_path / "lines.ndjson", '{"source_record_id":"1","city":{"name":"Ulm"}}\n')
    intake = read_canonical_file(path, source="pos")
    assert [(issue.row, issue.code) for issue in intake.issues] == [(1, "E310")]


def test_of_rows_with_one_key_the_last_one_wins_within_its_source(tmp_path: Path) -> None:
    text = "source,source_record_id,city\npos,1,Ulm\nerp,1,Bern\npos, 1,Graz\npos,1,Wien\n"
    intake = read_canonical_file(written(tmp_path / "keys.csv", text))
    assert intake.records.select(["source", "city"]).to_pylist() == [
        {"source": "erp", "city": "Bern"},
        {"source": "pos", "city": "Wien"},
    ]
    assert [(issue.row, issue.code, issue.source_record_id) for issue in intake.issues] == [
        (1, "E340", "1"),
        (3, "E340", "1"),
    ]
    assert (intake.rejected, intake.source) == (2, "")
