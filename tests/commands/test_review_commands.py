"""What waits for a person, at the command line."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from .conftest import Shop
from .terminal import identity


@pytest.fixture
def database(shop: Shop, tmp_path: Path) -> Path:
    """A copy of what was loaded, in which everybody was looked at."""
    copy = tmp_path / "identity.db"
    with closing(sqlite3.connect(shop.database)) as loaded, closing(sqlite3.connect(copy)) as copied:
        loaded.backup(copied)
    from identity.bootstrap import Service, Settings
    from identity.flows.review import refresh_reviews

    service = Service(Settings(f"sqlite:///{copy}"))
    assert refresh_reviews(service.review_room).standing > 0
    service.store.close()
    return copy


def test_what_waits_is_listed_the_most_pressing_first(database: Path) -> None:
    report = identity("reviews", "--json", database=database).report
    pressing = [task["priority"] for task in report["reviews"]]
    assert pressing
    assert pressing == sorted(pressing, reverse=True)
    assert sum(report["waiting"].values()) >= len(pressing)
    kind = report["reviews"][0]["kind"]
    only = identity("reviews", "--kind", kind, "--limit", "1", "--json", database=database).report
    assert [task["task"] for task in only["reviews"]] == [report["reviews"][0]["task"]]
    shown = identity("reviews", database=database)
    assert report["reviews"][0]["task"] in shown.out


def test_a_task_shows_its_records_side_by_side_and_what_can_be_done(database: Path) -> None:
    (task,) = identity("reviews", "--limit", "1", "--json", database=database).report["reviews"]
    report = identity("review", task["task"], "--json", database=database).report
    assert [record["record"] for record in report["records"]] == [
        task["details"]["left"],
        task["details"]["right"],
    ]
    assert all(record["values"] for record in report["records"])
    assert f"identity defer {task['task']} --until DATE --actor NAME" in [
        way["run"] for way in report["ways"]
    ]
    assert set(report["profiles"]) == set(task["golden_ids"])
    shown = identity("review", task["task"], database=database).out
    assert report["why"] in shown
    assert all(way["run"] in shown for way in report["ways"])


def test_a_task_is_put_off(database: Path) -> None:
    (task,) = identity("reviews", "--limit", "1", "--json", database=database).report["reviews"]
    until = ("--until", "9000-01-01", "--actor", "ines")
    report = identity("defer", task["task"], *until, "--json", database=database).report
    assert (report["status"], report["deferred_until"]) == ("deferred", "9000-01-01T00:00:00+00:00")
    after = identity("reviews", "--limit", "10000", "--json", database=database).report
    assert task["task"] not in [each["task"] for each in after["reviews"]]
    assert after["deferred"] == 1


def test_samples_are_drawn_answered_and_told(database: Path) -> None:
    assert identity("evaluate", "--json", database=database).code == 1
    drawn = identity("evaluate", "--sample", "12", "--json", database=database).report
    assert drawn["drawn"] == sum(drawn["strata"].values()) == 12
    tasks = identity("reviews", "--kind", "sample", "--json", database=database).report["reviews"]
    for task in tasks:
        told = identity("label", task["task"], "yes", "--actor", "ines", "--json", database=database).report
        assert (told["status"], told["closed_by"]) == ("closed", "label")
    report = identity("evaluate", "--json", database=database).report
    assert report["labels"] == 12
    assert report["precision"]["lower"] < report["precision"]["value"] == 1
    shown = identity("evaluate", database=database).out
    assert "never linked are not in this" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("review", "r-nothing"), 6, "E508"),
        (("defer", "r-nothing", "--until", "9000-01-01", "--actor", "ines"), 6, "E508"),
        (("label", "r-nothing", "yes", "--actor", "ines"), 6, "E508"),
        (("label", "r-nothing", "perhaps", "--actor", "ines"), 2, "no answer"),
        (("defer", "r-nothing", "--until", "soon", "--actor", "ines"), 2, "no date"),
        (("reviews", "--kind", "nonsense"), 2, "no kind"),
    ],
)
def test_what_cannot_be_is_said(database: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    ended = identity(*arguments, database=database)
    assert ended.code == code
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_what_is_refused_says_so(database: Path) -> None:
    (task,) = identity("reviews", "--limit", "1", "--json", database=database).report["reviews"]
    ended = identity("label", task["task"], "no", "--actor", "ines", database=database)
    assert ended.code == 8
    ended.complains("NOT_A_SAMPLE", task["task"])
