"""One loyalty platform for all tests of the folder; each has a programme of its own, and a master of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis

from identity.store import Store
from tests.jobs.redis import redis_server
from tests.reference_loyalty.serving import Shop, open_program, shop

from .world import Master, MovingClock

_ROOMS = itertools.count()


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shop(tmp_path_factory.mktemp("loyalty") / "loyalty.db") as running:
        yield running


@pytest.fixture
def here(platform: Shop) -> Iterator[Shop]:
    room = f"own{next(_ROOMS)}"
    open_program(platform.client, room)
    yield replace(platform, program=room)
    platform.no_faults()


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def master(store: Store) -> Master:
    return Master(store)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        client.flushall()
        yield client
