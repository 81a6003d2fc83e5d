"""Every command says what it did: one JSON document with --json, readable lines without."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from identity.model.record import CANONICAL_ATTRIBUTES

from .conftest import Shop
from .terminal import identity

KEYS = ["source", "source_record_id"]
LINK_COLUMNS = "left_source left_id right_source right_id match_weight judgement blocked".split()
QUARANTINE_COLUMNS = ["file", "row", "source", "source_record_id", "column", "code", "message"]


def copied(shop: Shop, folder: Path) -> Path:
    for file in shop.folder.glob("identity.db*"):
        shutil.copy(file, folder)
    return folder / "identity.db"


def report_of(*arguments: str | Path, database: Path) -> dict[str, Any]:
    return identity(*arguments, "--json", database=database).report


def test_load_and_rematch_report_where_rows_went_and_what_became_of_them(shop: Shop, tmp_path: Path) -> None:
    database = copied(shop, tmp_path)
    report = report_of("load", *shop.sources, database=database)
    assert [file["source"] for file in report["files"]] == ["pos", "erp", "ecommerce", "loyalty"]
    assert report["rows"] == sum(file["rows"] for file in report["files"])
    assert report["accepted"] + report["quarantined"] + report["rejected"] == report["rows"]
    assert report["unchanged"] == report["accepted"] == report["records"]
    assert report["profiles"] > 100
    assert {"name", "seconds", "peak_megabytes"} == set(report["stages"][0])
    rematched = report_of("rematch", database=database)
    assert rematched["profiles"] == report["profiles"]
    assert not rematched["trained_now"]


def test_profile_shows_each_value_with_its_record_rule_and_time(shop: Shop) -> None:
    event = report_of("events", "--limit", "1", database=shop.database)["events"][0]
    report = report_of("profile", event["subject"], database=shop.database)
    assert report["golden_id"] == event["subject"]
    assert report["status"] == "live"
    assert report["redirected_from"] is None
    assert report["records"] == sorted(event["data"]["records_gained"])
    for value in report["values"].values():
        assert set(value) == {"value", "record", "rule", "observed_at"}
        assert value["value"]
        assert value["record"] in report["records"]


def test_events_come_in_order_and_go_on_behind_a_position(shop: Shop) -> None:
    first = report_of("events", "--limit", "3", database=shop.database)["events"]
    second = report_of(
        "events", "--after", str(first[1]["position"]), "--limit", "2", database=shop.database
    )["events"]
    assert len(first) == 3
    assert second[0] == first[2]
    assert [event["position"] for event in first] == sorted(event["position"] for event in first)
    assert first[0]["type"] == "customer.created"
    assert first[0]["id"] == f"{first[0]['subject']}.1"


def test_events_hold_no_personal_data(shop: Shop) -> None:
    events = identity("events", "--limit", "10000", "--json", database=shop.database).out
    table = pq.read_table(shop.records)
    told = {
        value for name in ("email", "phone", "street_address") for value in table[name].to_pylist() if value
    }
    assert len(told) > 300
    assert not any(value in events for value in told)


def test_what_explain_tells_adds_up_to_the_weight(shop: Shop) -> None:
    links = sorted(
        pq.read_table(shop.out / "links.parquet").to_pylist(), key=lambda link: link["match_weight"]
    )
    for link in (links[0], links[len(links) // 2], links[-1]):
        ours, theirs = (f"{link[side + '_source']}:{link[side + '_id']}" for side in ("left", "right"))
        report = report_of("explain", ours, theirs, database=shop.database)
        turned = report_of("explain", theirs, ours, database=shop.database)
        assert report == turned
        assert (report["left"], report["right"]) == (ours, theirs)
        steps = report["contributions"]
        assert steps[0]["comparison"] == "prior"
        assert sum(step["match_weight"] for step in steps) == pytest.approx(report["match_weight"], abs=1e-9)
        for step in steps[1:]:
            assert step["level"]
            assert len(step["values"]) == 2


def test_rules_check_tells_what_the_rules_say(shop: Shop) -> None:
    report = report_of("rules", "check", database=shop.database)
    assert report["sources"].keys() == {"ecommerce", "erp", "loyalty", "pos"}
    assert "email" in report["comparisons"]
    assert report["thresholds"]["review"] <= report["thresholds"]["match"]


def test_train_writes_a_model_from_files_and_from_the_database(shop: Shop, tmp_path: Path) -> None:
    stored = report_of("train", "--out", tmp_path / "stored.json", database=shop.database)
    given = report_of("train", shop.records, "--out", tmp_path / "given.json", database=shop.database)
    assert given["records"] == pq.read_metadata(shop.records).num_rows
    assert 0 < stored["records"] <= given["records"]
    assert orjson.loads((tmp_path / "given.json").read_bytes())["version"] == given["model"]
    assert (tmp_path / "given.json").read_bytes() == shop.model.read_bytes()
    assert given["matches_per_record"] > 0.5
    assert "email" in given["comparisons"]


def test_sample_writes_the_same_bytes_for_the_same_seed(tmp_path: Path) -> None:
    for name in ("one", "two"):
        arguments = ("sample", "--people", "20", "--seed", "4", "--canonical", "--out", tmp_path / name)
        report = report_of(*arguments, database=tmp_path / "none.db")
        assert report["people"] == 20
        assert {Path(file).name for file in report["files"]} == {
            path.name for path in (tmp_path / name).iterdir()
        }
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_model_goes_out_as_splink_settings_and_comes_back(shop: Shop, tmp_path: Path) -> None:
    settings, back = tmp_path / "splink.json", tmp_path / "back.json"
    exported = report_of("model", "export", shop.model, "--splink", "--out", settings, database=shop.database)
    assert Path(exported["file"]) == settings
    assert orjson.loads(settings.read_bytes())["comparisons"]
    imported = report_of("model", "import", settings, "--out", back, database=shop.database)
    assert orjson.loads(back.read_bytes())["version"] == imported["model"]


def test_demo_shows_the_way_from_files_to_profiles(tmp_path: Path) -> None:
    report = report_of(
        "demo", "--people", "100", "--folder", tmp_path / "demo", database=tmp_path / "none.db"
    )
    assert len(report["days"]) == 2
    assert {record.split(":")[0] for record in report["profile"]["records"]} > {"pos"}
    assert report["accuracy"]["f1"] > 0.9
    assert report["events"]["events"]
    before, merged, undone = (moment["shoppers"] for moment in report["street"]["moments"])
    assert {sum(one["points"] for one in moment) for moment in (before, merged, undone)} == {1_540}
    assert len({one["golden_id"] for one in merged}) == 1
    assert before == undone
    if report["street"]["missing"] is None:  # where Tryton is installed
        for moment in (before, merged, undone):
            assert all(one["reference"] == one["golden_id"] for one in moment)
    assert (tmp_path / "demo" / "identity.db").exists()


@pytest.mark.parametrize("command", ["events", "rules check", "rematch", "profile", "explain"])
def test_without_json_a_report_is_lines_to_read(shop: Shop, tmp_path: Path, command: str) -> None:
    database = copied(shop, tmp_path)
    event = report_of("events", "--limit", "1", database=database)["events"][0]
    record = event["data"]["records_gained"][0]
    arguments = {"profile": [event["subject"]], "explain": [record, record]}.get(command, [])
    ended = identity(*command.split(), *arguments, database=database)
    assert (ended.code, ended.err) == (0, "")
    assert len(ended.out.splitlines()) > 2
    assert not ended.out.startswith("{")


def test_resolve_writes_the_tables_it_promises(shop: Shop) -> None:
    def columns(name: str) -> list[str]:
        return list(pq.read_schema(shop.out / f"{name}.parquet").names)

    assert {path.name for path in shop.out.iterdir()} == {
        "crosswalk.parquet",
        "golden.parquet",
        "links.parquet",
        "quarantine.parquet",
        "warnings.parquet",
        "report.json",
    }
    assert columns("crosswalk") == [*KEYS, "golden_id"]
    assert columns("links") == LINK_COLUMNS
    assert columns("quarantine") == columns("warnings") == QUARANTINE_COLUMNS
    assert columns("golden")[:3] == ["golden_id", "attributes", "consents"]
    assert {*CANONICAL_ATTRIBUTES, "record_count", "fingerprint"} < set(columns("golden"))


def test_resolve_tables_fit_together(shop: Shop) -> None:
    crosswalk, golden = (pq.read_table(shop.out / f"{name}.parquet") for name in ("crosswalk", "golden"))
    records = pq.read_table(shop.records)
    assert crosswalk.select(KEYS).to_pylist() == sorted(
        records.select(KEYS).to_pylist(), key=lambda key: (key["source"], key["source_record_id"])
    )
    assert golden["golden_id"].to_pylist() == sorted(set(crosswalk["golden_id"].to_pylist()))
    assert sum(golden["record_count"].to_pylist()) == records.num_rows
    for row in golden.slice(0, 20).to_pylist():
        told = orjson.loads(row["attributes"])
        assert {name for name in CANONICAL_ATTRIBUTES if row[name]} == set(told)


def test_the_report_counts_what_the_tables_hold(shop: Shop) -> None:
    report = orjson.loads((shop.out / "report.json").read_bytes())
    tables = {name: pq.read_table(shop.out / f"{name}.parquet") for name in ("crosswalk", "golden", "links")}
    assert report["records"] == tables["crosswalk"].num_rows == report["files"][0]["accepted"]
    assert report["profiles"] == tables["golden"].num_rows
    assert report["links"] == tables["links"].num_rows
    assert report["possible_matches"] == tables["links"]["judgement"].to_pylist().count("possible_match")
    assert report["candidate_pairs"] > 0
    assert report["model"] == orjson.loads(shop.model.read_bytes())["version"]
    assert not report["trained_now"]
    assert report["accuracy"]["f1"] > 0.9
    assert report["stages"][0]["name"] == "read"


def digests(folder: Path) -> dict[str, str]:
    return {
        name: hashlib.sha256((folder / f"{name}.parquet").read_bytes()).hexdigest()
        for name in ("crosswalk", "links", "golden")
    }


def test_shuffled_rows_a_second_run_and_a_stored_model_all_give_the_same_bytes(
    shop: Shop, tmp_path: Path
) -> None:
    table = pq.read_table(shop.records)
    step = 101
    order = [at * step % table.num_rows for at in range(table.num_rows)]
    assert len(set(order)) == table.num_rows
    pq.write_table(table.take(pa.array(order)), tmp_path / "records.parquet")
    first = digests(shop.out)
    for name, file in (("shuffled", tmp_path / "records.parquet"), ("again", shop.records)):
        assert identity("resolve", file, "--out", tmp_path / name).code == 0
        assert digests(tmp_path / name) == first


def test_resolve_takes_a_source_systems_own_columns_and_a_named_source_of_canonical_ones(
    shop: Shop, tmp_path: Path
) -> None:
    own = identity(
        "resolve", shop.folder / "erp.csv", "--source", "erp", "--out", tmp_path / "own", "--json"
    ).report
    assert own["files"][0]["source"] == "erp"
    file = tmp_path / "customers.csv"
    file.write_text(
        "source_record_id,given_name,family_name,email\n1,Ana,Li,a@li.example\n2,Ana,Li,a@li.example\n"
        "3,Bo,Ek,bo@ek.example\n4,Cy,Ox,cy@ox.example\n"
    )
    report = identity("resolve", file, "--source", "shop", "--out", tmp_path / "named", "--json").report
    assert (report["records"], report["files"][0]["source"]) == (4, "shop")
    crosswalk = pq.read_table(tmp_path / "named" / "crosswalk.parquet")
    assert set(crosswalk["source"].to_pylist()) == {"shop"}


def test_load_takes_canonical_columns_of_a_named_source_as_resolve_does(tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(
        "source_record_id,given_name,family_name,email\n1,Ana,Li,a@li.example\n2,Ana,Li,a@li.example\n"
        "3,Bo,Ek,bo@ek.example\n4,Cy,Ox,cy@ox.example\n"
    )
    report = report_of("load", file, "--source", "shop", database=tmp_path / "identity.db")
    assert (report["accepted"], report["files"][0]["source"]) == (4, "shop")


def test_of_a_record_in_two_resolved_files_the_later_one_counts(tmp_path: Path) -> None:
    head = "source,source_record_id,given_name,email\n"
    (tmp_path / "one.csv").write_text(
        head + "a,1,Ana,a@li.example\na,2,Bo,bo@ek.example\na,3,Bo,b@ek.example\n"
    )
    (tmp_path / "two.csv").write_text(head + "a,1,Anna,a@li.example\n")
    arguments = (tmp_path / "one.csv", tmp_path / "two.csv", "--out", tmp_path / "out", "--json")
    report = identity("resolve", *arguments).report
    assert (report["records"], report["replaced_by_a_later_file"]) == (3, 1)
    golden = pq.read_table(tmp_path / "out" / "golden.parquet")
    assert "Anna" in golden["given_name"].to_pylist()
    assert "Ana" not in golden["given_name"].to_pylist()
