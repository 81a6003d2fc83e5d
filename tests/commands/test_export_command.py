"""`identity export`: everybody of this moment, in a file."""

from __future__ import annotations

from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from .terminal import identity

PEOPLE = (
    '{"source_record_id":"1","given_name":"Ines","email":"ines@example.com",'
    '"consents":{"marketing.email":{"status":"granted"}}}\n'
    '{"source_record_id":"2","given_name":"Bert","email":"bert@example.com"}\n'
)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "people.ndjson"
    file.write_text(PEOPLE, encoding="utf-8")
    database = tmp_path / "identity.db"
    assert identity("ingest", str(file), "--source", "till", database=database).code == 0
    return database


def test_profiles_become_a_file_whole_or_masked_or_for_a_purpose(tmp_path: Path, database: Path) -> None:
    whole, masked, mail = (tmp_path / name for name in ("all.parquet", "masked.parquet", "mail.ndjson"))
    told = identity("export", str(whole), "--json", database=database)
    assert (told.code, orjson.loads(told.out)["profiles"]) == (0, 2)
    assert sorted(pq.read_table(whole)["email"].to_pylist()) == ["bert@example.com", "ines@example.com"]
    assert identity("export", str(masked), "--masked", database=database).code == 0
    assert set(pq.read_table(masked)["given_name"].to_pylist()) == {"I***", "B***"}
    told = identity("export", str(mail), "--purpose", "marketing", database=database)
    assert "1 are not to be read for it" in told.out
    assert [orjson.loads(line)["values"]["email"] for line in mail.read_bytes().splitlines()] == [
        "ines@example.com"
    ]
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("all.csv",), 2),
        (("all.parquet", "--purpose", "gossip"), 2),
        (("/proc/nowhere/all.parquet",), 3),
    ],
)
def test_what_cannot_be_written_is_said(database: Path, arguments: tuple[str, ...], code: int) -> None:
    told = identity("export", *arguments, database=database)
    assert (told.code, told.out) == (code, "")
    assert told.err
