"""ingest, redo, lookup and match: the commands of real time, what they print and how they end."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from identity.bootstrap import Service, Settings, SystemClock
from identity.ports import Redo, RedoKind
from tests.flows.whole import everything
from tests.flows.world import contradictions, crowd, rows, write

from .conftest import Shop
from .terminal import Ended, identity

HEAD = "source,source_record_id,given_name,family_name,birth_date,email,phone\n"
ANA = "Ana,Zywicka,1985-03-04,ana@zywicka.example,2125550142\n"
BORIS = "Boris,Quill,1961-11-23,boris@quill.example,3015550187\n"


def report_of(*arguments: str | Path, database: Path) -> dict[str, Any]:
    return identity(*arguments, "--json", database=database).report


def answered(ended: Ended) -> dict[str, Any]:
    """What is printed also where the answer is no."""
    assert ended.err == ""
    found: dict[str, Any] = orjson.loads(ended.out)
    return found


def copied(shop: Shop, folder: Path) -> Path:
    for file in shop.folder.glob("identity.db*"):
        shutil.copy(file, folder)
    return folder / "identity.db"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    file.write_text(f"{HEAD}pos,1,{ANA}pos,2,{BORIS}pos,3,{ANA}", encoding="utf-8")
    return file


@pytest.fixture
def database(people: Path, tmp_path: Path) -> Path:
    """Ana twice and Boris once, in real time."""
    assert identity("ingest", people, database=tmp_path / "identity.db").code == 0
    return tmp_path / "identity.db"


# ingest


def test_ingest_tells_where_rows_went_what_became_of_records_and_whom_they_joined(
    people: Path, tmp_path: Path
) -> None:
    database = tmp_path / "identity.db"
    report = report_of("ingest", people, database=database)
    (file,) = report["files"]
    assert (file["rows"], file["accepted"], file["quarantined"], file["rejected"]) == (3, 3, 0, 0)
    assert report["outcomes"] == {"accepted": 3}
    assert (report["started"], report["joined"], report["queued"]) == (2, 1, 0)
    assert report["records_per_second"] > 0
    again = report_of("ingest", people, database=database)
    assert again["outcomes"] == {"unchanged": 3}
    assert (again["unchanged"], again["started"], again["joined"]) == (3, 0, 0)
    people.write_text(f"{HEAD}erp,9,{ANA}pos,2,{ANA}", encoding="utf-8")
    more = report_of("ingest", people, database=database)
    assert (more["outcomes"], more["started"], more["joined"]) == ({"accepted": 2}, 0, 1)
    assert contradictions(database) == {}


def test_ingest_registers_each_file_and_finishes_it_with_its_counts(tmp_path: Path) -> None:
    database, good, bad = tmp_path / "identity.db", tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(f"{HEAD}pos,1,{ANA}", encoding="utf-8")
    bad.write_text(f"{HEAD}pos,,{BORIS}pos,1,{ANA}pos,2,Bo\0ris,Quill,,,\n", encoding="utf-8")
    report = report_of("ingest", good, bad, database=database)
    assert report["files"][1]["codes"] == {"E302": 1, "E311": 1}
    assert report["outcomes"] == {"accepted": 1, "unchanged": 1}
    counts = "rows, accepted, quarantined, rejected, unchanged, finished_at is not null"
    assert rows(database, f"select file, {counts} from load order by rows") == [
        (str(good), 1, 1, 0, 0, 0, 1),
        (str(bad), 3, 1, 2, 0, 1, 1),
    ]
    assert rows(database, "select code from quarantine order by 1") == [("E302",), ("E311",)]
    loads = {name for (name,) in rows(database, "select load_id from load where file like '%good.csv'")}
    assert {name for (name,) in rows(database, "select correlation_id from event")} == loads


def test_what_was_ingested_is_what_a_rebuild_gives(shop: Shop, tmp_path: Path) -> None:
    """Four systems in their own formats, consents and all, judged by the model that is shipped."""
    database = tmp_path / "identity.db"
    report = report_of("ingest", *shop.sources, database=database)
    assert [file["source"] for file in report["files"]] == ["pos", "erp", "ecommerce", "loyalty"]
    assert report["outcomes"]["accepted"] == report["accepted"] > 300
    assert contradictions(database) == {}
    rebuilt = report_of("rematch", database=database)
    assert not rebuilt["trained_now"]
    changes = {name: rebuilt[name] for name in ("created", "updated", "merged", "split", "records_moved")}
    assert changes == dict.fromkeys(changes, 0)


def test_records_that_were_loaded_are_found_unchanged_and_the_other_way_round(
    shop: Shop, tmp_path: Path
) -> None:
    database = copied(shop, tmp_path)
    report = report_of("ingest", *shop.sources, database=database)
    assert report["outcomes"] == {"unchanged": report["accepted"]}
    file = tmp_path / "new.csv"
    file.write_text(f"{HEAD}pos,new-1,{ANA}", encoding="utf-8")
    assert report_of("ingest", file, database=database)["started"] == 1
    loaded = report_of("load", file, database=database)
    assert (loaded["unchanged"], loaded["created"], loaded["updated"]) == (1, 0, 0)


def test_when_a_consent_was_captured_is_kept(tmp_path: Path) -> None:
    told = {"marketing.email": {"status": "withdrawn", "captured_at": "2024-05-01T10:00:00Z"}}
    line = {
        "source": "pos",
        "source_record_id": "1",
        "given_name": "Ana",
        "consents": orjson.dumps(told).decode(),
    }
    (tmp_path / "a.jsonl").write_bytes(orjson.dumps(line))
    database = tmp_path / "identity.db"
    assert report_of("ingest", tmp_path / "a.jsonl", database=database)["outcomes"] == {"accepted": 1}
    ((stored,),) = rows(database, "select consents from source_record")
    assert orjson.loads(stored) == told
    ((merged,),) = rows(database, "select consents from golden_profile")
    assert orjson.loads(merged) == {"marketing.email": "withdrawn"}


def test_what_was_observed_earlier_is_counted_as_superseded(tmp_path: Path) -> None:
    database, file = tmp_path / "identity.db", tmp_path / "a.csv"
    for city, moment in (("Boston", "2026-03-02T12:00:00Z"), ("Austin", "2026-03-01T12:00:00Z")):
        file.write_text(f"source,source_record_id,given_name,city,observed_at\npos,1,Ana,{city},{moment}\n")
        report = report_of("ingest", file, database=database)
    assert report["outcomes"] == {"superseded": 1}
    assert rows(database, "select city from source_record") == [("Boston",)]


def test_a_declared_attribute_goes_the_same_way_as_the_others(tmp_path: Path, rules: Path) -> None:
    with (rules / "customer.match.yml").open("a", encoding="utf-8") as stream:
        stream.write("\ncustom_attributes: [shoe_size]\n")
    database, file = tmp_path / "identity.db", tmp_path / "a.csv"
    people = ("40,Ana,Zywicka,ana@zywicka.example", "41,Boris,Quill,b@quill.example", "42,Cleo,Marchetti,")
    head = "shoe_size,given_name,family_name,email,source_record_id"
    file.write_text("\n".join([head, *(f"{told},{at}" for at, told in enumerate(people))]))
    arguments = (file, "--source", "shop", "--rules", rules)
    assert report_of("ingest", *arguments, database=database)["outcomes"] == {"accepted": 3}
    assert report_of("ingest", *arguments, database=database)["outcomes"] == {"unchanged": 3}
    asked = ("match", "shoe_size=41", "email=b@quill.example", "given_name=Boris", "--rules", rules)
    assert report_of(*asked, database=database)["alike"][0]["record"] == "shop:1"
    golden = rows(database, "select attributes from golden_profile")
    assert {orjson.loads(text)["shoe_size"][0] for (text,) in golden} == {"40", "41", "42"}
    rebuilt = report_of("rematch", "--rules", rules, database=database)
    assert (rebuilt["created"], rebuilt["updated"], rebuilt["records_moved"]) == (0, 0, 0)


def test_what_real_time_refuses_is_quarantined_and_counted(tmp_path: Path) -> None:
    database, file = tmp_path / "identity.db", tmp_path / "a.csv"
    head, never = "source,source_record_id,given_name,observed_at\n", "0001-01-01T00:00:00Z"
    file.write_text(f"{head}pos,1,Ana,{never}\npos,2,Bo,2026-03-02T12:00:00Z\n", encoding="utf-8")
    report = report_of("ingest", file, database=database)
    (told,) = report["files"]
    assert (told["rows"], told["accepted"], told["quarantined"], told["codes"]) == (2, 1, 1, {"E319": 1})
    assert report["outcomes"] == {"refused": 1, "accepted": 1}
    asked = "select code, source_record_id, outcome, status, file from quarantine"
    assert rows(database, asked) == [("E319", "1", "quarantined", "open", str(file))]
    assert contradictions(database) == {}
    assert "E319 × 1" in identity("ingest", file, database=database).out


def test_a_file_of_more_than_one_batch_is_one_load(tmp_path: Path) -> None:
    database, file = tmp_path / "identity.db", write(tmp_path / "crowd.csv", crowd(260))
    report = report_of("ingest", file, database=database)
    assert report["outcomes"] == {"accepted": 520}
    assert report["started"] + report["joined"] == 520
    assert (
        report["started"]
        == rows(database, "select count(*) from event where type = 'customer.created'")[0][0]
    )


def test_an_interrupted_ingest_is_run_again_with_the_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, file = tmp_path / "identity.db", write(tmp_path / "crowd.csv", crowd(10))
    batches = 0

    def interrupted(service: Service, *arguments: Any) -> Any:
        nonlocal batches
        batches += 1
        if batches == 3:
            raise KeyboardInterrupt
        return ingest(service, *arguments)

    ingest = Service.ingest
    monkeypatch.setattr("identity.commands.ingest._AT_ONCE", 4)
    monkeypatch.setattr(Service, "ingest", interrupted)
    assert identity("ingest", file, database=database).code > 0
    assert contradictions(database) == {}
    assert rows(database, "select count(*) from load where finished_at is null") == [(1,)]
    again = report_of("ingest", file, database=database)
    assert again["outcomes"] == {"unchanged": 8, "accepted": 12}
    assert contradictions(database) == {}


def test_an_index_of_other_rules_is_refused_before_anything_is_registered(
    people: Path, database: Path, rules: Path
) -> None:
    before = everything(f"sqlite:///{database}")
    file = rules / "customer.match.yml"
    text = file.read_text(encoding="utf-8")
    assert "phone: 12" in text
    file.write_text(text.replace("phone: 12", "phone: 13"), encoding="utf-8")
    for command in (["ingest", people], ["lookup", "email=a@b.example"], ["match", "email=a@b.example"]):
        ended = identity(*command, "--rules", rules, database=database)
        assert ended.code == 5
        ended.complains("E412")
    assert everything(f"sqlite:///{database}") == before


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    from matching_rules.loader import rules_directory

    folder = tmp_path / "rules"
    shutil.copytree(rules_directory(), folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return folder


# redo


def queue(database: Path, *items: Redo) -> None:
    service = Service(Settings(f"sqlite:///{database}"))
    with service.store.online(SystemClock()) as work:
        work.put_redo(items)
    service.store.close()


def test_redo_tells_what_waits_and_decides_it(database: Path) -> None:
    assert report_of("redo", database=database) == {"waiting": [], "queued": 0}
    queue(database, *(Redo(RedoKind.RECORD, number, "generic value") for number in (1, 2, 3)))
    queue(database, Redo(RedoKind.BLOCK, 7, "block within its cap again"))
    report = report_of("redo", database=database)
    assert report["queued"] == 4
    assert [(found["kind"], found["reason"], found["count"]) for found in report["waiting"]] == [
        ("block", "block within its cap again", 1),
        ("record", "generic value", 3),
    ]
    assert all(0 <= found["oldest_seconds"] < 60 for found in report["waiting"])
    told = identity("redo", database=database)
    assert "generic value" in told.out
    assert "identity redo --drain" in told.out
    done = report_of("redo", "--drain", database=database)
    assert (done["decided"], done["waiting"], done["queued"]) == (4, [], 0)
    assert report_of("redo", "--drain", database=database)["decided"] == 0
    assert "Nothing waits" in identity("redo", "--drain", database=database).out


def test_redo_stops_after_about_as_many_as_it_was_told(database: Path) -> None:
    queue(database, *(Redo(RedoKind.BLOCK, number, "a test") for number in range(120)))
    report = report_of("redo", "--drain", "--most", "1", database=database)
    assert 1 <= report["decided"] < 120
    assert report["decided"] + report["queued"] == 120
    for arguments in (["--most", "3"], ["--drain", "--most", "0"], ["--drain", "--most", "many"]):
        assert identity("redo", *arguments, database=database).code == 2


# lookup


def test_lookup_says_who_answers_to_each_question(database: Path) -> None:
    asked = ["record=pos:1", "email=ANA@zywicka.example", "phone=+1 (212) 555-0142"]
    report = report_of("lookup", *asked, database=database)
    assert [answer["asked"] for answer in report["answers"]] == asked
    (ana,) = {golden_id for answer in report["answers"] for golden_id in answer["golden_ids"]}
    assert report["found"]
    assert report_of("lookup", f"golden_id={ana}", database=database)["answers"] == [
        {"asked": f"golden_id={ana}", "golden_ids": [ana], "status": "live", "redirected": False}
    ]
    assert report_of("profile", ana, database=database)["records"] == ["pos:1", "pos:3"]


def test_lookup_ends_with_one_where_nobody_answers(database: Path) -> None:
    ended = identity("lookup", "record=pos:1", "tax_id=ABC123", "--json", database=database)
    assert ended.code == 1
    assert [answer["status"] for answer in answered(ended)["answers"]] == ["live", "unknown"]
    told = identity("lookup", "record=pos:1", "tax_id=ABC123", database=database)
    assert (told.code, len(told.out.splitlines())) == (1, 3)
    assert "unknown" in told.out


def test_lookup_follows_a_merged_id(database: Path, people: Path) -> None:
    (boris,) = report_of("lookup", "record=pos:2", database=database)["answers"][0]["golden_ids"]
    people.write_text(f"{HEAD}pos,2,{ANA}", encoding="utf-8")
    report_of("ingest", people, database=database)
    (answer,) = report_of("lookup", f"golden_id={boris}", database=database)["answers"]
    assert answer["redirected"]
    assert (
        answer["golden_ids"]
        == report_of("lookup", "record=pos:2", database=database)["answers"][0]["golden_ids"]
    )
    assert "lives on" in identity("lookup", f"golden_id={boris}", database=database).out


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("shoe_size=44", "golden_id, record, email, phone, loyalty_id, tax_id"),
        ("given_name=Ana", "golden_id, record, email"),
        ("ana@zywicka.example", "KIND=VALUE"),
        ("record=pos", "source:source_record_id"),
        ("record=:1", "source:source_record_id"),
    ],
)
def test_a_question_nobody_can_ask_is_wrong_usage_and_says_what_can_be_asked(asked: str, told: str) -> None:
    ended = identity("lookup", asked)
    assert (ended.code, ended.out) == (2, "")
    assert told in " ".join(ended.err.split())


# match and explain


def test_match_tells_who_is_like_somebody_and_why(database: Path) -> None:
    before = everything(f"sqlite:///{database}")
    report = report_of("match", "email=ana@zywicka.example", "family_name=Zywicka", database=database)
    assert (report["asked"], report["shared"], report["found"]) == (None, [], True)
    assert [found["record"] for found in report["alike"]] == ["pos:1", "pos:3"]
    best = report["best"]
    assert (best["left"], best["right"]) == (None, "pos:1")
    assert best["match_weight"] == report["alike"][0]["match_weight"]
    steps = sum(step["match_weight"] for step in best["contributions"])
    assert steps == pytest.approx(best["match_weight"], abs=1e-9)
    by_name = {step["comparison"]: step for step in best["contributions"]}
    assert by_name["email"]["values"] == [{"email": "ana@zywicka.example"}] * 2
    told = identity("match", "email=ana@zywicka.example", "family_name=Zywicka", database=database)
    assert "What was asked and pos:1" in told.out
    assert everything(f"sqlite:///{database}") == before


def test_match_of_a_stored_record_tells_of_the_others(database: Path) -> None:
    report = report_of("match", "--record", "pos:1", "--most", "1", database=database)
    assert (report["asked"], report["best"]["left"]) == ("pos:1", "pos:1")
    assert [found["record"] for found in report["alike"]] == ["pos:3"]
    explained = report_of("explain", "pos:1", "pos:3", database=database)
    assert explained == report["best"]


def test_match_ends_with_one_where_nobody_is_like_that(database: Path) -> None:
    for asked in (["email=nobody@nowhere.example"], ["given_name="], ["--record", "pos:2"]):
        ended = identity("match", *asked, "--json", database=database)
        assert ended.code == 1
        assert answered(ended)["alike"] == []
    assert "Nobody like this" in identity("match", "phone=n/a", database=database).out


def test_match_of_nothing_of_both_or_of_what_nobody_declared_is_wrong_usage(database: Path) -> None:
    for asked in ([], ["email=a@b.example", "--record", "pos:1"], ["shoe_size=44"], ["email"]):
        ended = identity("match", *asked, database=database)
        assert (ended.code, ended.out) == (2, "")
    ended = identity("match", "--record", "pos:none", database=database)
    assert ended.code == 6
    ended.complains("E502", "pos:none")


def test_a_value_that_too_many_share_counts_for_nothing_in_match_and_explain(tmp_path: Path) -> None:
    database = tmp_path / "identity.db"
    strangers = crowd(20)[::2]
    shared = [person | {"phone": "2125550177", "email": ""} for person in strangers]
    file = write(tmp_path / "crowd.csv", shared)
    assert report_of("ingest", file, database=database)["accepted"] == len(shared)
    assert rows(database, "select count(*) from generic_value") == [(1,)]
    assert rows(database, "select count(*) from redo") == [(0,)]
    one = shared[0]
    report = report_of(
        "match",
        "phone=2125550177",
        *(f"{name}={one[name]}" for name in ("given_name", "family_name", "birth_date", "city")),
        database=database,
    )
    assert report["shared"] == ["phone"]
    by_name = {step["comparison"]: step for step in report["best"]["contributions"]}
    assert (by_name["phone"]["level"], by_name["phone"]["values"]) == ("missing", [{"phone": ""}] * 2)
    explained = report_of("explain", "shop:000a", "shop:001a", database=database)
    phone = next(step for step in explained["contributions"] if step["comparison"] == "phone")
    assert (phone["level"], phone["match_weight"]) == ("missing", 0.0)


def test_explain_tells_the_weight_of_every_link_that_is_stored(shop: Shop) -> None:
    from identity.commands.ask import explanation

    service = Service(Settings(f"sqlite:///{shop.database}"))
    links = rows(shop.database, "select left_source, left_id, right_source, right_id, match_weight from link")
    assert len(links) > 100
    for left_source, left, right_source, right, weight in links[:: len(links) // 40]:
        told = explanation(service, f"{left_source}:{left}", f"{right_source}:{right}")
        assert told["match_weight"] == pytest.approx(weight, abs=1e-9)
    service.store.close()


def test_explain_reads_what_records_tell_where_the_index_is_of_other_rules(
    database: Path, rules: Path
) -> None:
    filed = report_of("explain", "pos:1", "pos:3", database=database)
    text = (rules / "customer.match.yml").read_text(encoding="utf-8")
    (rules / "customer.match.yml").write_text(text.replace("phone: 12", "phone: 13"), encoding="utf-8")
    told = report_of("explain", "pos:1", "pos:3", "--rules", rules, database=database)
    assert told["contributions"] == filed["contributions"]


@pytest.mark.parametrize(
    "command",
    ["ingest people.csv", "redo", "redo --drain", "lookup record=pos:1", "match --record pos:1"],
)
def test_without_json_a_report_is_lines_to_read(
    database: Path, people: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(people.parent)
    ended = identity(*command.split(), database=database)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out
    assert not ended.out.startswith("{")
    assert identity(command.split()[0], "--help").code == 0
