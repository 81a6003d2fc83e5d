"""A Redis stream carries events to a consumer: soon, and whatever becomes of Redis nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Stop
from threading import Thread
from typing import Any

import pytest
import redis

from identity.bootstrap import SystemClock
from identity.consumers.following import Following, follow, follow_until
from identity.consumers.stream import StreamFeed
from identity.delivery.redis_stream import STREAM
from identity.delivery.relay import relay, relay_until
from identity.store import Store
from tests.delivery.servers import MortalRedis
from tests.delivery.world import Log, relay_on, until

from .test_following import Diary


@pytest.fixture
def log(store: Store) -> Log:
    log = Log(store, SystemClock())
    log.stream()
    return log


@pytest.fixture
def diary() -> Diary:
    return Diary()


Room = Callable[..., Following]


@pytest.fixture
def at(log: Log, diary: Diary) -> Iterator[Room]:
    opened: list[StreamFeed] = []

    def room(url: str, **told: Any) -> Following:
        consumers = log.store.consumers(SystemClock())
        feed = StreamFeed(url, STREAM, "diary", "one", consumers)
        opened.append(feed)
        usual: dict[str, Any] = {"pause": 0.05, "chance": lambda: 0.0}
        return Following(
            consumers, diary, feed, SystemClock(), "tests", lambda event: event.event_id, **{**usual, **told}
        )

    yield room
    for feed in opened:
        feed.close()


def relayed(log: Log, url: str) -> None:
    room = relay_on(log, url)
    relay(room)
    room.sink.close()  # type: ignore[attr-defined]


@contextmanager
def at_work(log: Log, url: str, room: Following) -> Iterator[None]:
    """A relay and a consumer, until it is left."""
    stop, carrying = Stop(), relay_on(log, url)
    threads = [
        Thread(target=relay_until, args=(carrying, stop)),
        Thread(target=follow_until, args=(room, stop)),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        carrying.sink.close()  # type: ignore[attr-defined]


def in_order(diary: Diary) -> bool:
    return all(diary.of(name) == sorted(diary.of(name)) for name, _ in diary.heard)


def test_events_come_through_the_stream_and_are_acknowledged(
    log: Log, client: redis.Redis, redis_url: str, at: Room, diary: Diary
) -> None:
    with at_work(log, redis_url, at(redis_url)):
        until(lambda: client.exists(STREAM))
        log.many(100)
        until(lambda: len(diary.heard) == 100)
        until(lambda: _group(client)["last-delivered-id"] == "100-0" and _group(client)["pending"] == 0)
    assert in_order(diary)


def test_redis_may_lose_its_memory_at_any_moment(
    log: Log, client: redis.Redis, redis_url: str, at: Room, diary: Diary
) -> None:
    with at_work(log, redis_url, at(redis_url)):
        for turn in range(1, 5):
            log.many(50)
            if turn % 2:
                client.flushall()
            until(lambda turn=turn: len(set(diary.heard)) == 50 * turn)  # type: ignore[misc]
        until(lambda: client.exists(STREAM) and _group(client)["pending"] == 0)
    assert len(diary.heard) == 200
    assert in_order(diary)


def test_while_redis_is_away_the_log_is_read_and_afterwards_the_stream(
    log: Log, at: Room, diary: Diary, tmp_path: Path
) -> None:
    server = MortalRedis(tmp_path)
    try:
        with at_work(log, server.url, at(server.url)):
            log.many(20)
            until(lambda: len(diary.heard) == 20)
            server.kill()
            log.many(20)
            until(lambda: len(diary.heard) == 40)
            server.start()
            log.many(20)
            until(lambda: len(diary.heard) == 60)
            with redis.Redis.from_url(server.url, decode_responses=True) as client:
                until(lambda: client.exists(STREAM) and _groups(client))
                until(lambda: _group(client)["pending"] == 0)
    finally:
        server.kill()
    assert in_order(diary)


def test_what_a_dead_process_was_given_is_taken_over(
    log: Log, client: redis.Redis, redis_url: str, at: Room, diary: Diary
) -> None:
    log.many(30)
    relayed(log, redis_url)
    client.xgroup_create(STREAM, "diary", id="0")
    client.xreadgroup("diary", "who was killed", {STREAM: ">"}, count=20)
    assert follow(at(redis_url)).dealt == 30
    assert len(diary.heard) == 30
    until(lambda: _group(client)["pending"] == 0)


def test_what_others_write_to_redis_is_never_believed(
    log: Log, client: redis.Redis, redis_url: str, at: Room, diary: Diary
) -> None:
    log.many(3)
    for entry in ("2-0", "900-0"):
        client.xadd(
            STREAM, {"id": "forged", "type": "customer.merged", "subject": "g0", "event": "{}"}, id=entry
        )
    client.xgroup_create(STREAM, "diary", id="0")
    assert follow(at(redis_url)).dealt == 3
    assert sorted(diary.heard) == [("g0", 1), ("g1", 1), ("g2", 1)]
    assert _group(client)["pending"] == 0


def _groups(client: redis.Redis) -> Any:
    return client.xinfo_groups(STREAM)


def _group(client: redis.Redis) -> dict[str, Any]:
    found: dict[str, Any] = _groups(client)[0]
    return found
