"""Systems that follow, at the command line: following once and until it is stopped, who stands where, what drifts."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from identity.bootstrap import SystemClock
from identity.store import Store
from tests.consumers.world import Master, identical
from tests.delivery.world import until
from tests.reference_loyalty.serving import Shop, shop

from .terminal import identity

Report = Callable[..., dict[str, Any]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A platform with the programme of the shipped rules."""
    with shop(tmp_path / "loyalty.db") as running:
        monkeypatch.setenv("IDENTITY_LOYALTY_URL", running.url)
        yield running


@pytest.fixture
def url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def master(store: Store) -> Master:
    return Master(store)


@pytest.fixture
def pair(here: Shop, master: Master) -> tuple[str, str]:
    """Two members, a profile each."""
    one, other = "a", "b"
    here.enrol(one, 10)
    here.enrol(other, 5)
    master.enrol(one, other)
    master.commit()
    return one, other


@pytest.fixture
def report(url: str) -> Report:
    def told(*words: str, code: int = 0) -> dict[str, Any]:
        ended = identity(*words, "--json", database=url)
        assert (ended.code, ended.err) == (code, "")
        document: dict[str, Any] = orjson.loads(ended.out)
        return document

    return told


def kinds(report: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(each["kind"], each["known"]) for each in report["drift"]]


def test_what_there_is_is_followed_once(
    report: Report, master: Master, pair: tuple[str, str], here: Shop
) -> None:
    one, other = pair
    master.merge(one, other)
    master.commit()
    told = report("consume", "--once")
    assert told == {
        "followed": [
            {
                "name": "loyalty",
                "dealt": 4,
                "acted": 1,
                "blocked": 0,
                "held": 0,
                "dead": 0,
                "why": "done",
                "again_at": None,
            }
        ],
        "done": True,
    }
    assert identical(here, pair) == {frozenset(pair)}
    (stands,) = report("consumers")["consumers"]
    assert (stands["name"], stands["position"], stands["lag"]) == ("loyalty", 4, 0)
    assert (stands["held"], stands["dead_letters"], stands["blocked"]) == (0, 0, 0)
    assert (stands["breaker"], stands["silent_seconds"] < 60) == ("closed", True)


def test_what_was_refused_is_a_dead_letter_that_can_be_listed_shown_and_redriven(
    report: Report, master: Master, pair: tuple[str, str], here: Shop, url: str
) -> None:
    one, other = pair
    here.fault("refusal", path="member-merges", word="CUSTOMER_HAS_GIFT_CARDS")
    master.merge(one, other)
    master.commit()
    assert report("consume", "loyalty", "--once", code=1)["followed"][0]["dead"] == 1
    (letter,) = report("dead-letters", "list", "--subscriber", "loyalty")["dead_letters"]
    assert (letter["code"], letter["detail"]) == ("CUSTOMER_HAS_GIFT_CARDS", "refused")
    shown = report("dead-letters", "show", str(letter["number"]))
    assert shown["event"]["subject"] == master.homes[one]
    assert report("consumers")["consumers"][0]["dead_letters"] == 1
    assert "loyalty" in identity("dead-letters", "list", database=url).out
    assert report("dead-letters", "redrive", "--subscriber", "loyalty") == {"closed": 1}
    assert report("consume", "--once")["done"]
    assert identical(here, pair) == {frozenset(pair)}


def test_drift_is_reported_and_repaired(
    report: Report, master: Master, pair: tuple[str, str], here: Shop
) -> None:
    one, other = pair
    report("consume", "--once")
    assert kinds(report("reconcile", "loyalty")) == []
    master.merge(one, other)
    master.commit()
    report("consume", "--once")
    here.unmerge(_last_merge(here))
    told = report("reconcile", "loyalty", code=1)
    assert kinds(told) == [("NOT_MERGED", False)]
    assert told["repair"] is None
    repaired = report("reconcile", "loyalty", "--repair")
    assert (repaired["repair"]["acted"], repaired["repair"]["why"]) == (1, "done")
    assert kinds(repaired) == []
    assert identical(here, pair) == {frozenset(pair)}


def test_what_the_platform_merged_of_two_people_becomes_a_task_and_is_known_then(
    report: Report, pair: tuple[str, str], here: Shop
) -> None:
    report("consume", "--once")
    here.merge(*pair)
    assert kinds(report("reconcile", "loyalty", code=1)) == [("MERGED_ACROSS", False)]
    repaired = report("reconcile", "loyalty", "--repair")
    assert kinds(repaired) == [("MERGED_ACROSS", True)]
    assert report("consumers")["consumers"][0]["blocked"] == 2
    (reviewed, *_) = report("reviews")["reviews"]
    assert reviewed["kind"] == "loyalty_blocked"


def test_members_that_one_side_does_not_know_are_told(
    report: Report, master: Master, pair: tuple[str, str], here: Shop
) -> None:
    assert pair
    master.enrol("ghost")
    master.commit()
    here.enrol("stranger")
    told = report("reconcile", "loyalty", "--limit", "1", code=1)
    assert (told["accounts"], told["profiles"]) == (3, 3)
    assert told["kinds"] == {"UNKNOWN_HERE": 1, "UNKNOWN_THERE": 1}
    assert [each["accounts"] for each in told["drift"]] == [["stranger"]]


def test_a_consumer_that_follows_at_the_moment_is_who_repairs(
    report: Report, master: Master, pair: tuple[str, str], here: Shop, url: str
) -> None:
    one, other = pair
    master.merge(one, other)
    master.commit()
    with consuming(url) as process:
        until(lambda: identical(here, pair) == {frozenset(pair)})
        here.unmerge(_last_merge(here))
        repaired = report("reconcile", "loyalty", "--repair")
        assert repaired["repair"]["why"] == "taken"
        assert kinds(repaired) == []
        until(lambda: report("consumers")["consumers"][0]["lag"] == 0)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out == b""
    lines = err.decode().splitlines()
    assert lines
    assert all(line.startswith("loyalty: at ") for line in lines)
    assert report("consume", "--once")["followed"][0]["why"] == "done", "the lease was given back"


def test_progress_as_json_is_a_line_each(pair: tuple[str, str], url: str) -> None:
    assert pair
    with consuming(url, "--json") as process:
        assert process.stdout is not None
        line = orjson.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert {"name", "position", "lag", "held", "dead_letters", "breaker"} <= line.keys()


@pytest.mark.parametrize(
    ("words", "error", "code"),
    [
        (("consume", "nobody", "--once"), "E523", 6),
        (("reconcile", "nobody"), "E523", 6),
        (("reconcile", "loyalty"), "E721", 9),
        (("consume", "--once"), "E721", 9),
    ],
)
def test_what_cannot_be_done_is_told_by_its_number(
    sqlite_url: str, words: tuple[str, ...], error: str, code: int
) -> None:
    ended = identity(*words, database=sqlite_url)
    ended.complains(error)
    assert ended.code == code


def test_a_platform_that_is_away_is_told_by_its_number(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_LOYALTY_URL", "http://127.0.0.1:9")
    ended = identity("reconcile", "loyalty", database=sqlite_url)
    ended.complains("E723", "UNREACHABLE")
    assert ended.code == 9


def test_a_subscriber_and_a_consumer_have_names_of_their_own(
    report: Report, pair: tuple[str, str], url: str, store: Store
) -> None:
    assert pair
    stream = ("--stream", "identity:other")
    report("subscribers", "add", "loyalty", *stream)
    assert report("consume", "--once", code=1)["followed"][0]["why"] == "E722"
    report("subscribers", "remove", "loyalty")
    assert report("consume", "--once")["done"]
    refused = identity("subscribers", "add", "loyalty", *stream, database=url)
    assert refused.err.startswith("E701")
    assert [one.name for one in store.consumers(SystemClock()).consumers()] == ["loyalty"]


def _last_merge(here: Shop) -> dict[str, Any]:
    with closing(sqlite3.connect(here.database)) as connection:
        ((merge_id,),) = connection.execute("select merge_id from merges order by rowid desc limit 1")
    return {"merge_id": merge_id}


def consuming(url: str, *more: str) -> subprocess.Popen[bytes]:
    code = "from identity.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code, "consume", *more],
        env={**os.environ, "IDENTITY_DATABASE_URL": url},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
