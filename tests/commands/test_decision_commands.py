"""merge, split, keep-apart, keep-together, undo, operations; why, how, why-not; lookup --as-of: what they print and
how they end."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.flows.whole import everything

from .terminal import identity
from .test_real_time_commands import ANA, BORIS, HEAD, answered, report_of

CLEO = "Cleo,Vandermeer,1999-02-14,cleo@vandermeer.example,6175550119\n"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Ana twice, Boris once, Cleo once."""
    file, database = tmp_path / "people.csv", tmp_path / "identity.db"
    file.write_text(f"{HEAD}pos,1,{ANA}pos,2,{BORIS}erp,3,{ANA}pos,4,{CLEO}", encoding="utf-8")
    assert identity("ingest", file, database=database).code == 0
    return database


def home(database: Path, record: str) -> str:
    (answer,) = report_of("lookup", f"record={record}", database=database)["answers"]
    return str(answer["golden_ids"][0])


def merged(database: Path, *more: str) -> dict[str, Any]:
    ana, boris = home(database, "pos:1"), home(database, "pos:2")
    return report_of("merge", ana, boris, *more, database=database)


# decide


def test_merge_reports_the_profiles_before_and_after_and_where_ids_lead(database: Path) -> None:
    ana, boris = home(database, "pos:1"), home(database, "pos:2")
    report = merged(database, "--into", boris, "--reason", "one and the same", "--actor", "ines")
    assert (report["kind"], report["actor"], report["reason"]) == ("merge", "ines", "one and the same")
    assert report["redirects"] == [{"retired": ana, "survivor": boris}]
    assert {profile["golden_id"] for profile in report["before"]} == {ana, boris}
    after = {profile["golden_id"]: profile for profile in report["after"]}
    assert (after[boris]["status"], after[ana]["status"]) == ("live", "merged")
    assert after[boris]["records"] == ["erp:3", "pos:1", "pos:2"]
    assert after[boris]["values"] == report_of("profile", boris, database=database)["values"]


def test_who_decides_is_by_default_who_is_logged_in(database: Path) -> None:
    assert merged(database)["actor"] == getpass.getuser()


def test_a_preview_shows_the_merged_profile_and_the_accounts_and_writes_nothing(database: Path) -> None:
    before = everything(f"sqlite:///{database}")
    report = merged(database, "--preview")
    assert (report["mergeable"], report["blockers"], report["kind"]) == (True, [], "merge")
    (profile,) = report["profiles"]
    assert profile["values"]["given_name"]["record"] in profile["records"]
    assert report["accounts"] == {"erp": ["3"], "pos": ["1", "2"]}
    assert [redirect["survivor"] for redirect in report["redirects"]] == [profile["golden_id"]]
    assert everything(f"sqlite:///{database}") == before
    told = identity("merge", home(database, "pos:1"), home(database, "pos:2"), "--preview", database=database)
    assert (told.code, told.out.splitlines()[0].startswith("It can be done")) == (0, True)


def test_a_preview_of_what_would_be_refused_ends_with_one_and_says_why(database: Path) -> None:
    ana, boris = home(database, "pos:1"), home(database, "pos:2")
    report_of("keep-apart", ana, "pos:2", database=database)
    for command, code in (
        (["merge", ana, boris], "CONTRADICTION"),
        (["merge", ana, "g-unknown"], "E501"),
        (["merge", ana, boris, "--version", f"{ana}=7"], "STALE_VERSION"),
        (["split", ana, "pos:2"], "NOTHING_TO_DECIDE"),
        (["keep-together", "pos:1", "pos:2"], "CONTRADICTION"),
        (["keep-apart", "pos:1", "pos:1"], "NOTHING_TO_DECIDE"),
        (["undo", "nothing-of-the-kind"], "E504"),
    ):
        ended = identity(*command, "--preview", "--json", database=database)
        report = answered(ended)
        assert (ended.code, report["mergeable"], report["profiles"]) == (1, False, [])
        assert [blocker["code"] for blocker in report["blockers"]] == [code]
        assert identity(*command, "--preview", database=database).out.startswith("It cannot be done: ")


def test_what_cannot_be_decided_is_one_line_and_ends_with_eight(database: Path) -> None:
    ana, boris = home(database, "pos:1"), home(database, "pos:2")
    ended = identity("merge", ana, boris, "--version", f"{ana}=7", database=database)
    assert ended.code == 8
    ended.complains("STALE_VERSION", ana)
    assert identity("merge", ana, boris, "--version", f"{ana}=1", database=database).code == 0


def test_each_decision_can_be_taken_and_taken_back(database: Path) -> None:
    ana = home(database, "pos:1")
    for command in (
        ["keep-apart", "pos:1", "erp:3"],
        ["keep-together", "pos:1", "pos:4"],
        ["split", ana, "erp:3"],
    ):
        before = {record: home(database, record) for record in ("pos:1", "erp:3", "pos:4")}
        done = report_of(*command, "--reason", "a [/b] reason", database=database)
        assert {record: home(database, record) for record in before} != before
        back = report_of("undo", done["operation_id"], database=database)
        assert (back["kind"], back["reverses"]) == ("undo", done["operation_id"])
        assert {record: home(database, record) for record in before} == before


def test_a_merge_is_taken_back_by_the_id_it_retired(database: Path) -> None:
    (redirect,) = merged(database)["redirects"]
    told = identity("undo", redirect["retired"], database=database)
    assert told.out.startswith("Taken back: ")
    assert home(database, "pos:2") != home(database, "pos:1")


def test_operations_come_newest_first(database: Path) -> None:
    assert report_of("operations", database=database) == {"operations": []}
    assert "Nobody has decided" in identity("operations", database=database).out
    done = merged(database, "--actor", "ines", "--reason", "same [/b] phone")
    back = report_of("undo", done["operation_id"], "--actor", "bea", database=database)
    newest, oldest = report_of("operations", database=database)["operations"]
    assert newest["operation_id"] == back["operation_id"]
    assert (newest["kind"], newest["actor"], newest["reverses"]) == ("undo", "bea", done["operation_id"])
    assert (oldest["status"], oldest["reversed_by"]) == ("reversed", back["operation_id"])
    assert (oldest["actor"], oldest["reason"]) == ("ines", "same [/b] phone")
    assert set(oldest["profiles"]) == {home(database, "pos:1"), home(database, "pos:2")}
    assert len(report_of("operations", "--limit", "1", database=database)["operations"]) == 1
    told = identity("operations", database=database).out
    assert "same [/b] phone" in told
    assert f"undo of {done['operation_id'][:8]}" in told
    assert "taken back" in told


@pytest.mark.parametrize(
    "command",
    [
        ["merge", "g1", "g2", "--version", "g1"],
        ["merge", "g1", "g2", "--version", "g1=x"],
        ["merge", "g1", "g2", "--actor", ""],
        ["split", "g1", "pos"],
        ["keep-apart", "pos:", "g1"],
        ["keep-together", "g1", "pos:2"],
        ["why", ":1", "g1"],
        ["why-not", "pos:1", ":"],
    ],
)
def test_what_cannot_be_read_is_wrong_usage(command: list[str]) -> None:
    ended = identity(*command)
    assert (ended.code, ended.out) == (2, "")


# explain


def test_why_tells_the_path_and_the_same_weight_as_explain(database: Path) -> None:
    report = report_of("why", "pos:1", "erp:3", database=database)
    assert report["together"]
    assert [(step["left"], step["right"]) for step in report["path"]] == [("pos:1", "erp:3")]
    assert report["pair"] == report_of("explain", "pos:1", "erp:3", database=database)
    told = identity("why", "pos:1", "erp:3", database=database).out
    assert told.startswith("pos:1 and erp:3 are together in g")


def test_why_tells_what_a_person_said(database: Path) -> None:
    done = merged(database, "--actor", "ines", "--reason", "she [/b] called")
    report = report_of("why", "pos:1", "pos:2", database=database)
    assert {said["operation_id"] for said in report["said"]} == {done["operation_id"]}
    assert {(said["actor"], said["reason"], said["judgement"]) for said in report["said"]} == {
        ("ines", "she [/b] called", "match")
    }
    assert "she [/b] called" in identity("why", "pos:1", "pos:2", database=database).out


def test_how_tells_history_and_joins(database: Path) -> None:
    (redirect,) = merged(database, "--actor", "ines", "--reason", "she [/b] called")["redirects"]
    report = report_of("how", redirect["survivor"], database=database)
    first, second = report["history"]
    assert (first["change"]["kind"], first["left"], first["merged_in"]) == ("ingest", [], [])
    assert second["merged_in"] == [redirect["retired"]]
    assert [moved["from"] for moved in second["came"]] == [redirect["retired"]]
    assert len(report["joins"]) == 2
    assert {join["by_decision"] for join in report["joins"]} == {True}
    told = identity("how", redirect["survivor"], database=database).out
    assert told.startswith(f"{redirect['survivor']} is 3 records after 2 changes.")
    assert "she [/b] called" in told
    gone = identity("how", redirect["retired"], database=database).out
    assert f"{redirect['survivor']} answers for it" in gone.splitlines()[0]


def test_why_not_tells_the_decisive_cause_first(database: Path) -> None:
    report = report_of("why-not", "pos:1", "pos:2", database=database)
    assert [cause["cause"] for cause in report["causes"]] == ["below_threshold", "no_shared_block"]
    report_of("keep-apart", "pos:1", "pos:2", "--actor", "ines", "--reason", "a [/b] son", database=database)
    report = report_of("why-not", "pos:1", home(database, "pos:2"), database=database)
    assert report["causes"][0]["cause"] == "kept_apart"
    assert report["causes"][0]["said"]["actor"] == "ines"
    told = identity("why-not", "pos:1", "pos:2", database=database).out.splitlines()[0]
    assert told.startswith("pos:1 and pos:2 are not together. A person keeps them apart: ines said so")
    assert told.endswith("a [/b] son")
    assert "are together" in identity("why-not", "pos:1", "erp:3", database=database).out
    (absent,) = report_of("why-not", "pos:1", "pos:9", database=database)["causes"]
    assert absent["told"] == "pos:9 has no live record: its source never told it."
    assert "pos:9" in identity("why-not", "pos:1", "pos:9", database=database).out


def test_what_nobody_knows_ends_with_six(database: Path) -> None:
    for command, code in (
        (["why", "pos:1", "pos:9"], "E502"),
        (["how", "g-unknown"], "E501"),
        (["why-not", "pos:1", "g-unknown"], "E501"),
        (["why", "pos:1", "pos:1"], "E507"),
    ):
        ended = identity(*command, database=database)
        assert ended.code == 6
        ended.complains(code)


# as of


def test_lookup_tells_what_an_id_meant_then(database: Path) -> None:
    boris, before = home(database, "pos:2"), datetime.now(UTC).isoformat()
    (redirect,) = merged(database, "--into", home(database, "pos:1"))["redirects"]
    asked = (f"golden_id={boris}", "record=pos:2")
    then = report_of("lookup", *asked, "--as-of", before, database=database)
    assert then["as_of"] == before
    assert then["answers"] == [
        {"asked": text, "golden_ids": [boris], "status": "live", "redirected": False, "records": ["pos:2"]}
        for text in asked
    ]
    (now, _) = report_of("lookup", *asked, database=database)["answers"]
    assert (now["golden_ids"], now["redirected"]) == ([redirect["survivor"]], True)
    assert "records" not in now


def test_times_without_an_offset_are_utc(database: Path) -> None:
    asked = ("lookup", "record=pos:1", "--json", "--as-of")
    spelled = ("2026-03-01T12:00:00", "2026-03-01T12:00:00Z", "2026-03-01 17:45+05:45")
    told = [answered(identity(*asked, text, database=database)) for text in spelled]
    assert [report["as_of"] for report in told] == ["2026-03-01T12:00:00+00:00"] * 3
    assert [report["answers"][0]["status"] for report in told] == ["unknown"] * 3
    assert "not known yet" in identity("lookup", "record=pos:1", "--as-of", spelled[0], database=database).out


@pytest.mark.parametrize(
    "time", ["yesterday", "", "2026-13-01", "12:00", "0001-01-01T00:00+14:00", "9999-12-31"]
)
def test_what_is_no_time_is_wrong_usage(time: str) -> None:
    ended = identity("lookup", "record=pos:1", "--as-of", time)
    assert (ended.code, ended.out) == (2, "")
    assert "Invalid value" in ended.err


def test_what_identifiers_meant_then_is_not_known_and_said_so() -> None:
    ended = identity("lookup", "email=ana@zywicka.example", "--as-of", "2026-03-01")
    assert ended.code == 2
    assert "golden_id and record" in " ".join(ended.err.split())
    assert "zywicka" not in ended.err
