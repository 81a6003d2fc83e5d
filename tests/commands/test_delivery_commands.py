"""How events leave, at the command line: who is told, again, what was given up, and delivering until it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from identity.bootstrap import SystemClock
from identity.model.delivery import DeadLetter
from identity.store import Store
from tests.delivery.receivers import Answer, Receiver, receiver
from tests.delivery.world import SECRETS, Log, until

from .terminal import Ended, identity


@pytest.fixture
def database(sqlite_url: str) -> Path:
    return Path(sqlite_url.removeprefix("sqlite:///"))


@pytest.fixture
def log(sqlite_url: str) -> Iterator[Log]:
    store = Store(sqlite_url)
    yield Log(store, SystemClock())
    store.close()


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("IDENTITY_WEBHOOK_PRIVATE_HOSTS", "127.0.0.1")


def add(database: Path, shop: Receiver, *more: str) -> dict[str, Any]:
    asked = ("subscribers", "add", "shop", "--webhook", shop.url, "--secret", "new", *more, "--json")
    return identity(*asked, database=database).report


def report_of(database: Path, *words: str) -> dict[str, Any]:
    return identity(*words, "--json", database=database).report


def test_somebody_is_added_told_shown_changed_and_removed(database: Path, log: Log, shop: Receiver) -> None:
    log.many(6)
    added = add(database, shop, "--since", "2")
    assert (added["status"], added["position"], added["behind"]) == ("active", 2, 4)
    delivered = report_of(database, "deliver", "--once")
    assert delivered == {
        "delivered": [
            {"name": "shop", "told": 4, "held": 0, "dead": 0, "why": "done", "again_at": None},
        ],
        "told": True,
    }
    assert len(shop.taken) == 4
    changed = report_of(database, "subscribers", "change", "shop", "--secret", "new", "--secret", "old")
    assert changed["secrets"] == ["new", "old"]
    paused = report_of(database, "subscribers", "pause", "shop", "--reason", "their release")
    assert (paused["status"], paused["reason"]) == ("paused", "their release")
    log.many(6)
    assert report_of(database, "deliver", "--once")["delivered"] == []
    (listed,) = report_of(database, "subscribers", "list")["subscribers"]
    assert (listed["name"], listed["behind"]) == ("shop", 6)
    assert report_of(database, "subscribers", "resume", "shop")["status"] == "active"
    assert report_of(database, "deliver", "--once")["told"]
    assert report_of(database, "subscribers", "remove", "shop") == {"name": "shop", "dead_letters": 0}
    assert report_of(database, "subscribers", "list")["subscribers"] == []


def test_somebody_is_told_again_from_a_position_or_a_moment(database: Path, log: Log, shop: Receiver) -> None:
    log.many(10)
    add(database, shop)
    report_of(database, "deliver", "--once")
    replayed = report_of(database, "events", "replay", "--since", "7", "--subscriber", "shop")
    assert replayed == {"name": "shop", "position": 7, "behind": 3}
    report_of(database, "deliver", "--once")
    assert len(shop.taken) == 13
    again = report_of(database, "events", "replay", "--since", "2026-03-02T09:00Z", "--subscriber", "shop")
    assert again["position"] == 0
    assert len(report_of(database, "events", "list", "--after", "8")["events"]) == 2
    assert len(report_of(database, "events", "--limit", "3")["events"]) == 3


def test_what_was_given_up_is_listed_shown_tried_again_or_dropped(
    database: Path, log: Log, shop: Receiver
) -> None:
    log.many(3)
    add(database, shop, "--since", "now")
    for event in log.deliveries.events():
        now = SystemClock().now()
        where = (event.subject, event.position, event.event_id)
        log.deliveries.put_dead_letter(
            DeadLetter("shop", *where, "HTTP_422", "", 10, now, now, '{"id": "x"}')
        )
    listed = report_of(database, "dead-letters", "list", "--subscriber", "shop")
    assert listed["open"] == {"shop": 3}
    first, second, _ = (letter["number"] for letter in listed["dead_letters"])
    assert report_of(database, "dead-letters", "show", str(first))["event"] == {"id": "x"}
    assert report_of(database, "dead-letters", "redrive", str(first)) == {"closed": 1}
    assert report_of(database, "dead-letters", "drop", str(second)) == {"closed": 1}
    assert report_of(database, "dead-letters", "redrive", "--subscriber", "shop") == {"closed": 1}
    assert identity("dead-letters", "drop", str(second), database=database).code == 1
    assert report_of(database, "dead-letters", "list")["dead_letters"] == []
    statuses = [one["status"] for one in report_of(database, "dead-letters", "list", "--all")["dead_letters"]]
    assert statuses == ["redriven", "dropped", "redriven"]
    assert report_of(database, "deliver", "--once")["delivered"][0]["told"] == 2


def test_once_ends_with_1_where_somebody_could_not_be_told(database: Path, log: Log, shop: Receiver) -> None:
    log.many(3)
    add(database, shop)
    shop.answers = lambda _: Answer(500)
    ended = identity("deliver", "--once", "--json", database=database)
    assert (ended.code, orjson.loads(ended.out)["told"]) == (1, False)
    assert "g0" in identity("subscribers", "show", "shop", database=database).out


@pytest.mark.parametrize(
    ("words", "error", "code"),
    [
        (("subscribers", "add", "shop", "--webhook", "https://10.0.0.1/", "--secret", "new"), "E702", 9),
        (("subscribers", "add", "shop", "--webhook", "https://a.example/", "--secret", "mislaid"), "E704", 9),
        (("subscribers", "add", "shop", "--webhook", "https://a.example/"), "E704", 9),
        (("subscribers", "add", "Shop!", "--webhook", "https://a.example/", "--secret", "new"), "E701", 9),
        (("subscribers", "add", "shop", "--stream", "a b"), "E702", 9),
        (("subscribers", "add", "s", "--stream", "a", "--type", "customer.merged"), "E703", 9),
        (("subscribers", "show", "nobody"), "E520", 6),
        (("subscribers", "pause", "nobody"), "E520", 6),
        (("subscribers", "remove", "nobody"), "E520", 6),
        (("events", "replay", "--since", "0", "--subscriber", "nobody"), "E520", 6),
        (("dead-letters", "show", "7"), "E521", 6),
    ],
)
def test_what_cannot_be_done_is_told_by_its_number(
    database: Path, words: tuple[str, ...], error: str, code: int
) -> None:
    ended = identity(*words, database=database)
    ended.complains(error)
    assert ended.code == code


@pytest.mark.parametrize(
    "words",
    [
        ("subscribers", "add", "shop", "--secret", "new"),
        ("subscribers", "add", "shop", "--webhook", "https://a.example/", "--stream", "s"),
        ("subscribers", "change", "shop"),
        ("events", "replay", "--since", "yesterday", "--subscriber", "shop"),
        ("dead-letters", "drop"),
        ("dead-letters", "drop", "1", "--subscriber", "shop"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(database: Path, words: tuple[str, ...]) -> None:
    assert identity(*words, database=database).code == 2


def test_tables_for_people_name_what_is_the_matter(database: Path, log: Log, shop: Receiver) -> None:
    log.many(3)
    add(database, shop)
    shown: list[Ended] = [
        identity(*words, database=database)
        for words in (
            ("subscribers", "pause", "shop", "--reason", "[red]their release[/]"),
            ("subscribers", "list"),
            ("subscribers", "show", "shop"),
            ("dead-letters", "list"),
            ("deliver", "--once"),
            ("events", "list"),
        )
    ]
    assert [ended.code for ended in shown] == [0] * 6
    assert all("[red]their release[/]" in ended.out for ended in shown[:3])


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_delivering_goes_on_until_it_is_stopped_and_tells_its_news(
    database: Path, log: Log, shop: Receiver, asked: signal.Signals
) -> None:
    add(database, shop)
    environment = {**os.environ, "IDENTITY_DATABASE_URL": f"sqlite:///{database}"}
    command = [sys.executable, "-m", "identity.cli", "deliver", "--json"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            log.many(5)
            until(lambda: len(shop.taken) == 5)
            log.many(5)
            until(lambda: len(shop.taken) == 10)
            process.send_signal(asked)
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, b"")
    assert sum(orjson.loads(line)["told"] for line in out.splitlines()) == 10
