"""Faults of the ERP and of the way to it: nothing is lost, only a lasting refusal is given up, the backlog drains."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from erp import Erp, running
from identity.bootstrap import Service, Settings
from identity.consumers.following import follow
from tests.consumers.world import worked_until_done
from tests.erp.master import People, following
from tests.erp.proxy import Line, line
from tests.erp.shop import Clerk, clerk

WRITE, READ = "party.party.write", "search_read"
Fault = Callable[[Line], None]

FAULTS: dict[str, Fault] = {
    "the connection is cut before it arrives": lambda way: way.cut(WRITE),
    "the connection is cut while it is read": lambda way: way.cut(READ),
    "the answer is lost after it was done": lambda way: way.lose_reply(WRITE),
    "too many calls": lambda way: way.answer(WRITE, "429 Too Many Requests", Retry_After="30"),
    "it fails": lambda way: way.answer(WRITE, "500 Internal Server Error", "oh"),
    "it fails again and again": lambda way: way.answer(READ, "502 Bad Gateway", times=7),
    "it is being mended": lambda way: way.answer(WRITE, "503 Service Unavailable", "<html>", times=3),
    "it fails within an answer": lambda way: way.answer(WRITE, "200 OK", '{"id": 1, "error": ["KeyError"]}'),
    "half an answer": lambda way: way.answer(READ, "200 OK", '{"id": 1, "resul'),
    "an answer of another shape": lambda way: way.answer(
        READ, "200 OK", '{"id": 1, "result": [{"id": "x"}]}'
    ),
    "no answer but a page": lambda way: way.answer(READ, "200 OK", "<html>Log in</html>"),
    "a proxy that lets nobody pass": lambda way: way.answer(WRITE, "403 Forbidden", "<html>", times=2),
    "a session that has ended": lambda way: way.answer(READ, "401 Unauthorized"),
    "a login that is refused for a while": lambda way: way.answer("common.db.login", "429 Too Many Requests"),
}


@pytest.fixture
def people(sqlite_url: str, someone: Clerk) -> Iterator[People]:
    service = Service(Settings(sqlite_url, index_secret="a secret of the tests"))
    yield People(service, someone)
    service.store.close()


@pytest.fixture
def way(erp: Erp) -> Iterator[Line]:
    with line(erp.url) as made:
        yield made


def passed(people: People, erp: Erp, way: Line, fault: str) -> list[str]:
    """Merge two people while something is wrong for a time; return what went wrong with it in the end."""
    one, other, third = (people.open(name) for name in ("Ines Ortega", "Bert Sommer", "Dora Lind"))
    with following(people, erp, url=way.url) as room:
        if "login" not in fault:
            follow(room)
        people.merge(one, other)
        FAULTS[fault](way)
        worked_until_done(room, people.clock)
        met = [] if way.met.is_set() else ["the fault was never met: nothing is shown"]
        same = people.borne(one, other, third) == people.as_here(one, other, third)
        dead = room.consumers.dead_letters_open()
    problems = [] if same else ["accounts bear other ids than the master gives them"]
    return [*met, *problems, *([f"given up: {dead}"] if dead else [])]


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_by_what_passes(people: People, erp: Erp, way: Line, fault: str) -> None:
    assert passed(people, erp, way, fault) == []


def test_what_is_refused_for_good_is_given_up_alone_and_can_be_tried_again(
    people: People, erp: Erp, way: Line
) -> None:
    number, other = people.open("Ines Ortega", email="ines@example.com"), people.open("Bert Sommer")
    with following(people, erp, url=way.url) as room:
        way.answer('"create"', "200 OK", '{"id": 1, "error": ["UserError", ["no", "no"]]}', times=2)
        worked = worked_until_done(room, people.clock)
        assert worked.again_at is None
        assert sum(room.consumers.dead_letters_open().values()) >= 1
        way.heal()
        letters = room.consumers.dead_letters("erp")
        assert {letter.code for letter in letters} == {"USER_ERROR"}
        assert "ines@example.com" not in str(letters)
        room.consumers.redrive([letter.number for letter in letters])
        worked_until_done(room, people.clock)
        assert people.borne(number, other) == people.as_here(number, other)
        assert people.clerk.contacts(number) == [("ines@example.com", "golden")]


@pytest.mark.erp
def test_an_erp_that_is_down_for_long_is_left_alone_and_caught_up_with(
    tmp_path: Path, sqlite_url: str
) -> None:
    service = Service(Settings(sqlite_url, index_secret="a secret of the tests"))
    with running(home=tmp_path) as first, clerk(first) as someone:
        people = People(service, someone)
        numbers = [people.open(f"{name} Ortega") for name in ("Ines", "Bert", "Dora", "Emil", "Fay", "Gus")]
        port = int(first.url.rpartition(":")[2])
        with following(people, first, timeout_seconds=2.0) as room:
            follow(room)
            os.kill(first.process, signal.SIGKILL)
            for one, other in zip(numbers[::2], numbers[1::2], strict=True):
                if people.home(one) != people.home(other):
                    people.merge(one, other)
            for _ in range(30):  # for days
                worked = follow(room)
                people.clock.turn(4 * 3600)
                assert worked.dead == 0
            (stands,) = room.consumers.consumers()
            assert stands.failures > 0
            with running(home=tmp_path, port=port), clerk(first) as again:
                worked_until_done(room, people.clock)
                people.clerk = again
                assert people.borne(*numbers) == people.as_here(*numbers)
                assert room.consumers.dead_letters_open() == {}
    service.store.close()


@pytest.mark.erp
def test_an_erp_that_stands_still_delays_no_lookup_and_no_merge(tmp_path: Path, sqlite_url: str) -> None:
    service = Service(Settings(sqlite_url, index_secret="a secret of the tests"))
    with running(home=tmp_path) as still, clerk(still) as someone:
        people = People(service, someone)
        one, other = people.open("Ines Ortega"), people.open("Bert Sommer")
        with following(people, still, timeout_seconds=1.0) as room:
            follow(room)
            os.kill(still.process, signal.SIGSTOP)
            try:
                people.merge(one, other)
                assert people.home(one) == people.home(other)
                worked = follow(room)
                assert (worked.acted, worked.dead) == (0, 0)
            finally:
                os.kill(still.process, signal.SIGCONT)
            worked_until_done(room, people.clock)
            assert people.borne(one, other) == people.as_here(one, other)
    service.store.close()
