"""Two first records of one person at once are one profile, and strangers never wait for each other (I12)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from threading import Barrier, Event

import pytest

from identity.flows.ingest import Ingested, ingest
from identity.flows.online.desk import Desk
from identity.flows.redo import drain

from .conftest import Person, Ready
from .real_time import arrival, contradictions, rebuilt, rows, state

THREADS, ROUNDS = 8, 200
LONG = 30.0  # seconds until a test gives up on what should happen at once


def shopper(number: int, source: str) -> Person:
    """One shopper as one system writes them: the same mail and name everywhere, a number of the shopper's own."""
    random = Random(number)
    letters = "".join(random.choices("abcdefghijklmnoprstuvz", k=12))
    return {
        "source": source,
        "source_record_id": f"{number:05}",
        "given_name": letters[:5].title(),
        "family_name": letters[5:].title(),
        "email": f"{letters}@{letters[::-1]}.example",
        "birth_date": f"{random.randint(1940, 2005)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
    }


def test_the_same_shopper_twice_at_once_is_one_profile(ready: Ready, url: str) -> None:
    desk = ready(url).desk
    with ThreadPoolExecutor(THREADS) as pool:
        for turn in range(ROUNDS):
            barrier = Barrier(THREADS)

            def arrive(place: int, turn: int = turn, barrier: Barrier = barrier) -> Ingested:
                source = ("pos", "erp")[place % 2]
                told = [arrival(shopper(turn * THREADS + place // 2, source))]
                barrier.wait(LONG)
                return ingest(desk, told)[0]

            done = list(pool.map(arrive, range(THREADS)))
            homes = [found.golden_id for found in done]
            assert homes[0::2] == homes[1::2], f"round {turn}"
            assert len(set(homes)) == THREADS // 2
    assert rows(url, "select count(*) from golden_profile") == [(ROUNDS * THREADS // 2,)]
    assert contradictions(url) == {}


def test_one_shopper_from_eight_tills_at_once_is_one_profile(ready: Ready, url: str) -> None:
    service = ready(url)
    with ThreadPoolExecutor(THREADS) as pool:
        for turn in range(25):
            barrier = Barrier(THREADS)

            def arrive(place: int, turn: int = turn, barrier: Barrier = barrier) -> Ingested:
                told = shopper(turn, "pos") | {"source_record_id": f"{turn}-{place}"}
                barrier.wait(LONG)
                return ingest(service.desk, [arrival(told)])[0]

            assert len({found.golden_id for found in pool.map(arrive, range(THREADS))}) == 1
    drain(service.desk)
    assert rows(url, "select count(*) from golden_profile") == [(25,)]
    assert contradictions(url) == {}
    assert state(url).differences(rebuilt(service)) == {}


def held_up(desk: Desk, reached: Event, let_go: Event) -> Desk:
    """The same desk, on which a unit of work stops in the middle: everything is claimed, nothing is written yet."""

    def new_id() -> str:
        reached.set()
        assert let_go.wait(LONG)
        return desk.new_id()

    return replace(desk, new_id=new_id)


@pytest.mark.postgresql
def test_a_stranger_does_not_wait(ready: Ready, postgresql_url: str) -> None:
    desk = ready(postgresql_url).desk
    reached, let_go = Event(), Event()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ingest, held_up(desk, reached, let_go), [arrival(shopper(1, "pos"))])
        assert reached.wait(LONG)
        stranger = ingest(desk, [arrival(shopper(2, "pos"))])
        assert not first.done()
        let_go.set()
        assert first.result(LONG)[0].golden_id != stranger[0].golden_id


@pytest.mark.postgresql
def test_who_is_the_same_waits_and_joins(ready: Ready, postgresql_url: str) -> None:
    desk = ready(postgresql_url).desk
    reached, let_go = Event(), Event()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ingest, held_up(desk, reached, let_go), [arrival(shopper(1, "pos"))])
        assert reached.wait(LONG)
        second = pool.submit(ingest, desk, [arrival(shopper(1, "erp"))])
        until(lambda: rows(postgresql_url, "select 1 from pg_locks where not granted") != [])
        assert not second.done()
        let_go.set()
        assert first.result(LONG)[0].golden_id == second.result(LONG)[0].golden_id
    assert rows(postgresql_url, "select count(*) from golden_profile") == [(1,)]


def until(happened: Callable[[], bool]) -> None:
    while not happened():
        pass
