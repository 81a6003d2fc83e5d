"""A server that lets go of its connections, as one that is started anew does."""

from __future__ import annotations

import psycopg
import pytest

from identity.model.errors import StoreError
from identity.store import Store
from identity.store.dialect import postgresql

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
