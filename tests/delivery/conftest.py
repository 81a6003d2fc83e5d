"""A log to write to on every database, and a Redis server of the run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from identity.store import Store
from tests.jobs.redis import redis_server
from tests.store.worlds import StandingClock

from .world import Log


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def log(store: Store, clock: StandingClock) -> Log:
    return Log(store, clock)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
def client(server: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server, decode_responses=True) as client:
        client.flushall()
        yield client
