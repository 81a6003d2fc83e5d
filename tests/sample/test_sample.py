"""The sample says what it promises: repeatable, readable, and with every trouble it names."""

import csv
import json
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from identity.sample import SampleReport, write_sample

Row = dict[str, Any]
CSV_SHAPES = {
    "pos": (";", "cp1252", "CUSTOMER_NO"),
    "loyalty": (",", "utf-8", "member_number"),
    "erp": (",", "utf-8", "KUNNR"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sample")


@pytest.fixture(scope="module")
def report(folder: Path) -> SampleReport:
    return write_sample(1_500, 7, folder, canonical=True)


def csv_rows(folder: Path, source: str) -> tuple[list[str], list[list[str]]]:
    separator, encoding, _ = CSV_SHAPES[source]
    with (folder / f"{source}.csv").open(encoding=encoding, newline="") as file:
        header, *rows = csv.reader(file, delimiter=separator, strict=True)
    return header, rows


def json_rows(folder: Path) -> tuple[list[Row], int]:
    """The customers that parse, and how many lines do not."""
    readable, broken = [], 0
    for line in (folder / "ecommerce.jsonl").read_text(encoding="utf-8").splitlines():
        try:
            readable.append(json.loads(line))
        except json.JSONDecodeError:
            broken += 1
    return readable, broken


def readable_keys(folder: Path) -> dict[str, Counter[str]]:
    keys = {"ecommerce": Counter(str(row["id"]) for row in json_rows(folder)[0] if "id" in row)}
    for source, (_, _, key) in CSV_SHAPES.items():
        header, rows = csv_rows(folder, source)
        whole = (row[header.index(key)] for row in rows if len(row) == len(header))
        keys[source] = Counter(found for found in whole if found)
    return keys


def table(folder: Path, name: str) -> list[Row]:
    rows: list[Row] = pq.read_table(folder / name).to_pylist()
    return rows


def test_the_same_people_and_seed_give_identical_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_sample(300, 11, tmp_path / name, canonical=True)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == 6
    assert all((tmp_path / "one" / f).read_bytes() == (tmp_path / "two" / f).read_bytes() for f in files)


def test_another_seed_gives_other_people(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_sample(50, seed, tmp_path / str(seed), canonical=True, systems=False)
    assert table(tmp_path / "1", "records.parquet") != table(tmp_path / "2", "records.parquet")


def test_records_do_not_depend_on_whether_the_systems_files_are_written(tmp_path: Path) -> None:
    write_sample(50, 1, tmp_path / "with", canonical=True)
    write_sample(50, 1, tmp_path / "without", canonical=True, systems=False)
    assert table(tmp_path / "with", "records.parquet") == table(tmp_path / "without", "records.parquet")
    assert sorted(p.name for p in (tmp_path / "without").iterdir()) == ["records.parquet", "truth.parquet"]


def test_one_person_is_a_sample_and_none_is_not(tmp_path: Path) -> None:
    assert sum(write_sample(1, 3, tmp_path).records.values()) >= 1
    with pytest.raises(ValueError, match="at least one person"):
        write_sample(0, 3, tmp_path)


def test_every_readable_row_has_a_truth_row_and_the_other_way_round(
    folder: Path, report: SampleReport
) -> None:
    truth = table(folder, "truth.parquet")
    by_source: dict[str, set[str]] = defaultdict(set)
    for row in truth:
        by_source[row["source"]].add(row["source_record_id"])
    assert {source: set(keys) for source, keys in readable_keys(folder).items()} == by_source
    assert len(truth) == sum(report.records.values())
    assert len({row["person_id"] for row in truth}) == report.people


def test_every_kind_of_planted_row_is_in_every_file(folder: Path, report: SampleReport) -> None:
    keys = readable_keys(folder)
    for source in CSV_SHAPES:
        header, rows = csv_rows(folder, source)
        assert any(len(row) < len(header) for row in rows), source
        assert any(len(row) == len(header) and not row[header.index(CSV_SHAPES[source][2])] for row in rows)
        assert "31.02.1984" in str(rows) or "02/31/1984" in str(rows) or "20210231" in str(rows)
        assert len(rows) == report.rows[source]
    customers, broken = json_rows(folder)
    assert broken == report.planted["ecommerce"]["cut_short"]
    assert any("id" not in row for row in customers)
    assert any(row.get("metafields", {}).get("birth_date") == "1984-02-31" for row in customers)
    assert all(max(found.values()) == 2 for found in keys.values())


def test_the_records_hold_what_the_tills_file_holds(folder: Path, report: SampleReport) -> None:
    header, rows = csv_rows(folder, "pos")
    till = {row[0]: dict(zip(header, row, strict=True)) for row in reversed(rows) if len(row) == len(header)}
    names = {
        "given_name": "FIRST_NAME",
        "family_name": "LAST_NAME",
        "email": "EMAIL",
        "phone": "PHONE",
        "city": "TOWN",
    }
    records = [row for row in table(folder, "records.parquet") if row["source"] == "pos"]
    assert len(records) == report.records["pos"]
    for record in records:
        written = till[record["source_record_id"]]
        assert {name: record[name] or "" for name in names} == {
            n: written[column] for n, column in names.items()
        }


def test_the_tills_file_is_cp1252_with_windows_line_ends_and_umlauts(
    folder: Path, report: SampleReport
) -> None:
    content = (folder / report.files[0].name).read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n")
    assert "ü" in content.decode("cp1252")
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")


@pytest.mark.usefixtures("report")
def test_people_of_one_household_share_an_address_and_a_surname(folder: Path) -> None:
    homes: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for row in table(folder, "records.parquet"):
        if row["street_address"] and row["postcode"] and row["family_name"]:
            homes[row["street_address"], row["postcode"]].add((row["person_id"], row["family_name"]))
    shared = [seats for seats in homes.values() if len({person for person, _ in seats}) > 1]
    assert len(shared) > 50
    alike = [
        seats for seats in shared if len({name for _, name in seats}) < len({person for person, _ in seats})
    ]
    assert len(alike) > len(shared) / 2


@pytest.mark.usefixtures("report")
def test_someone_grants_in_one_system_and_withdraws_later_in_another(folder: Path) -> None:
    person = {(r["source"], r["source_record_id"]): r["person_id"] for r in table(folder, "truth.parquet")}
    granted: dict[str, str] = {}
    for row in json_rows(folder)[0]:
        consent = row["email_marketing_consent"]
        if "id" in row and consent["state"] == "subscribed":
            granted[person["ecommerce", str(row["id"])]] = consent["consent_updated_at"]
    header, rows = csv_rows(folder, "loyalty")
    members = [dict(zip(header, row, strict=True)) for row in rows if len(row) == len(header) and row[0]]
    withdrawn = {
        person["loyalty", m["member_number"]]: m["consent_updated_at"]
        for m in members
        if m["consent_email"] == "W"
    }
    both = granted.keys() & withdrawn.keys()
    assert both
    assert all(granted[p] < withdrawn[p] for p in both)


@pytest.mark.usefixtures("report")
def test_values_of_nobody_are_shared_by_strangers(folder: Path) -> None:
    holders: dict[str, set[str]] = defaultdict(set)
    for row in table(folder, "records.parquet"):
        for name in ("phone", "email", "loyalty_id"):
            holders[row[name] or ""].add(row["person_id"])
    widely = {value for value, people in holders.items() if value and len(people) >= 4}
    assert any("hartwellstores.com" in value for value in widely)
    assert len(widely) >= 4


def test_the_sources_have_the_promised_shares_and_people_their_records(report: SampleReport) -> None:
    total = sum(report.records.values())
    assert 2.3 < total / report.people < 2.7
    assert abs(report.records["ecommerce"] / total - 0.35) < 0.04


def test_five_thousand_people_take_a_few_seconds(tmp_path: Path) -> None:
    began = time.perf_counter()
    write_sample(5_000, 1, tmp_path, canonical=True)
    assert time.perf_counter() - began < 10
