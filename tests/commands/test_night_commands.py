"""Re-matches and models at the command line: proposed, shown, approved, put aside."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from identity.bootstrap import Service, SystemClock
from identity.ports import StoredModel
from identity.settings import Settings
from matching_rules.loader import rules_directory
from matching_rules.model_file import model_to_json

from .conftest import Shop
from .terminal import identity


@pytest.fixture
def database(shop: Shop, tmp_path: Path) -> Path:
    copy = tmp_path / "identity.db"
    with closing(sqlite3.connect(shop.database)) as loaded, closing(sqlite3.connect(copy)) as copied:
        loaded.backup(copied)
    return copy


@pytest.fixture
def strict(database: Path) -> str:
    """The version of a candidate that believes in far fewer matches."""
    service = Service(Settings(f"sqlite:///{database}"))
    model = service.active_model()
    model = replace(model, version=f"{model.version}-strict", prior_match=model.prior_match * 1e-6)
    with service.store.begin(SystemClock()) as work:
        work.keep_model(StoredModel(model.version, model_to_json(model).decode()), work.at)
    service.store.close()
    return model.version


def active(database: Path) -> str:
    models = identity("model", "list", "--json", database=database).report["models"]
    return next(str(model["version"]) for model in models if model["active"])


def test_a_rematch_of_what_is_unchanged_is_carried_out_and_listed(database: Path) -> None:
    report = identity("rematch", "--json", database=database).report
    assert (report["kind"], report["status"], report["records_moved"]) == ("full", "applied", 0)
    recent = identity("rematch", "--incremental", "--json", database=database).report
    assert (recent["kind"], recent["status"]) == ("incremental", "applied")
    listed = identity("runs", "list", "--json", database=database).report["runs"]
    assert [run["run_id"] for run in listed] == [recent["run_id"], report["run_id"]]
    assert report["run_id"] in identity("runs", "list", database=database).out
    assert "carried out" in identity("runs", "show", report["run_id"], database=database).out


def test_a_model_that_changes_much_waits_for_a_person_who_approves(database: Path, strict: str) -> None:
    before = active(database)
    waiting = identity("model", "promote", strict, "--json", database=database)
    assert waiting.code == 1
    (run,) = identity("runs", "list", "--json", database=database).report["runs"]
    assert run["status"] == "waiting"
    assert run["breaches"]
    assert active(database) == before
    shown = identity("runs", "show", run["run_id"], "--json", database=database).report
    assert shown["moves"] == run["records_moved"] >= len(shown["proposed"]) > 0
    asked = identity("reviews", "--kind", "breaker", "--json", database=database).report["reviews"]
    assert [task["details"]["run_id"] for task in asked] == [run["run_id"]]
    approved = identity(
        "runs", "approve", run["run_id"], "--actor", "ines", "--json", database=database
    ).report
    assert (approved["status"], approved["actor"]) == ("applied", "ines")
    assert active(database) == strict
    assert identity("reviews", "--kind", "breaker", "--json", database=database).report["reviews"] == []
    again = identity("runs", "approve", run["run_id"], database=database)
    assert again.code == 8
    again.complains("NOT_WAITING", run["run_id"])


def test_what_is_put_aside_changes_nothing(database: Path, strict: str) -> None:
    before = active(database)
    assert identity("model", "promote", strict, database=database).code == 1
    (run,) = identity("runs", "list", "--json", database=database).report["runs"]
    rejected = identity(
        "runs", "reject", run["run_id"], "--actor", "ines", "--json", database=database
    ).report
    assert (rejected["status"], rejected["decided_by"]) == ("rejected", "ines")
    assert active(database) == before
    assert identity("runs", "approve", run["run_id"], database=database).code == 8


def test_a_dry_run_says_what_would_change(database: Path, strict: str) -> None:
    before = active(database)
    dry = identity("model", "promote", strict, "--dry-run", "--json", database=database).report
    assert dry["status"] == "dry"
    assert dry["records_moved"] > 0
    assert dry["sample"]
    assert active(database) == before


def test_limits_are_the_retailers(database: Path, strict: str, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    copytree(rules_directory(), rules)
    file = rules / "customer.rematch.yml"
    file.write_text("limits: {profiles_changed: 1, loyalty_accounts_moved: 1, largest_profile: 1000}\n")
    report = identity("model", "promote", strict, "--json", database=database, rules=rules).report
    assert report["status"] == "applied"
    back = identity("model", "rollback", "--json", database=database, rules=rules).report
    assert back["status"] == "applied"
    assert active(database) != strict
    history = identity("model", "list", "--json", database=database).report["history"]
    assert [each["version"] for each in history[:2]] == [active(database), strict]


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        ("{profiles_changed: 2}", "E136"),
        ("{profiles_change: .1}", "E104"),
        ("{at_least: many}", "E103"),
        ("[1]", "E103"),
    ],
)
def test_limits_that_make_no_sense_are_refused(
    database: Path, tmp_path: Path, limits: str, error: str
) -> None:
    rules = tmp_path / "rules"
    copytree(rules_directory(), rules)
    (rules / "customer.rematch.yml").write_text(f"limits: {limits}\n")
    ended = identity("rematch", database=database, rules=rules)
    assert ended.code == 4
    ended.complains(error, "customer.rematch.yml")


def test_two_models_are_laid_side_by_side(database: Path, strict: str) -> None:
    report = identity("model", "compare", active(database), strict, "--json", database=database).report
    assert report["split"] > 0
    assert report["first"]["clusters"] < report["second"]["clusters"]
    shown = identity("model", "compare", active(database), strict, database=database).out
    assert strict in shown


def test_training_on_the_database_keeps_a_candidate(database: Path) -> None:
    before = active(database)
    report = identity("train", "--json", database=database).report
    assert report["status"] == "candidate"
    assert active(database) == before
    assert report["model"] in identity("model", "list", database=database).out


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("runs", "show", "nobody"), 6, "E505"),
        (("runs", "approve", "nobody"), 6, "E505"),
        (("runs", "abandon", "nobody"), 6, "E505"),
        (("model", "promote", "nothing"), 6, "E506"),
        (("model", "compare", "nothing", "something"), 6, "E506"),
    ],
)
def test_what_nobody_knows_is_refused(
    database: Path, arguments: tuple[str, ...], code: int, error: str
) -> None:
    ended = identity(*arguments, database=database)
    assert ended.code == code
    ended.complains(error)


def test_flags_that_do_not_go_together_are_wrong_usage(database: Path, tmp_path: Path) -> None:
    assert identity("rematch", "--incremental", "--retrain", database=database).code == 2
    assert identity("train", tmp_path / "records.csv", database=database).code == 2
