"""A server that lets go of its connections, as one that is started anew does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import psycopg
import pytest

from identity.model.errors import StoreError
from identity.store import Store
from identity.store.dialect import postgresql
from tests.databases import MortalPostgres, mortal_postgresql

from .worlds import StandingClock, arrival, key

_LET_GO = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def let_go(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as administrator:
        administrator.execute(_LET_GO)


@pytest.fixture
def store(postgresql_url: str, clock: StandingClock) -> Store:
    store = Store(postgresql_url, patience=5)
    with store.online(clock) as work:
        work.put([arrival("anna")])
    return store


def test_a_connection_that_was_idle_is_replaced_without_a_word(
    store: Store, clock: StandingClock, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_FRESH", 0.0)
    let_go(postgresql_url)
    with store.look() as look:
        assert look.stored([key("anna")])
    let_go(postgresql_url)
    with store.online(clock) as work:
        work.put([arrival("ben")])
    assert store.views.counts().records == 2
    store.close()


def test_a_connection_that_is_lost_in_use_is_a_refusal_once(
    store: Store, clock: StandingClock, postgresql_url: str
) -> None:
    def look_and_lose() -> None:
        with store.look() as look:
            let_go(postgresql_url)
            look.stored([key("anna")])

    def write_and_lose() -> None:
        with store.online(clock) as work:
            let_go(postgresql_url)
            work.put([arrival("ben")])

    for lose in (look_and_lose, write_and_lose):
        with pytest.raises(StoreError):
            lose()
        with store.look() as look:
            assert look.stored([key("anna"), key("ben")]).keys() == {key("anna")}
    store.close()


@pytest.fixture(scope="module")
def mortal() -> Iterator[MortalPostgres]:
    with mortal_postgresql() as server:
        yield server


@pytest.mark.postgresql
def test_whoever_asks_while_the_server_is_away_is_refused_with_a_code_and_served_when_it_is_back(
    mortal: MortalPostgres, clock: StandingClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(mortal.url, patience=5)
    store.migrate()
    with store.online(clock) as work:
        work.put([arrival("anna")])

    def look() -> None:
        with store.look() as look:
            look.stored([key("anna")])

    def steady() -> None:
        with store.look(steady=True) as look:
            look.stored([key("anna")])

    def write() -> None:
        with store.online(clock) as work:
            work.put([arrival("ben")])

    def load() -> None:
        with store.begin(clock) as work:
            work.live_records()

    asked: tuple[Callable[[], object], ...] = (look, steady, write, load, store.views.counts, store.migrate)
    for each in asked:
        each()
    mortal.kill()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert {_refused(each) for each in asked} <= {"E402", "E415"}
    assert not [each for each in caplog.records if each.exc_info], "no stack traces, which may quote rows"
    mortal.start()
    for each in asked:
        each()
    store.close()


@pytest.mark.postgresql
def test_one_lost_connection_has_all_of_the_pool_looked_at_however_fresh(
    mortal: MortalPostgres,
) -> None:
    store = Store(mortal.url, patience=5)
    store.migrate()
    with store.look() as one, store.look() as other:
        one.stored([key("anna")])
        other.stored([key("anna")])
    mortal.let_go()
    codes = []
    for _ in range(4):
        try:
            with store.look() as look:
                look.stored([key("anna")])
        except StoreError as error:
            codes.append(error.code)
    assert codes in ([], ["E415"])
    store.close()


def _refused(ask: Callable[[], object]) -> str:
    with pytest.raises(StoreError) as refusal:
        ask()
    return refusal.value.code
