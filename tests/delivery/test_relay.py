"""The log reaches a stream whole and in order, whatever happens to the relay, to Redis or to the database."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event as Stop
from threading import Thread
from typing import Any, cast

import orjson
import pytest
import redis

from identity.bootstrap import SystemClock
from identity.delivery.redis_stream import STREAM, RedisStream
from identity.delivery.relay import Relayed, relay, relay_until
from identity.delivery.subscribing import forget_reader, replay
from identity.model.delivery import SubscriberStatus
from identity.model.errors import DeliveryError, LookupFailed
from identity.ports.delivery import Claim, Letter, SinkLost
from identity.store import Store
from tests.store.worlds import StandingClock

from .servers import MortalRedis
from .world import Log, Reader, relay_on, stream_of


def everything(log: Log) -> list[tuple[int, str]]:
    return [(event.position, event.event_id) for event in log.deliveries.events(0, 100_000)]


def test_the_log_is_published_in_its_order_and_remembered(log: Log, client: redis.Redis, server: str) -> None:
    log.stream()
    log.many(120)
    assert relay(relay_on(log, server)) == Relayed(120, 120, "done")
    assert stream_of(client) == everything(log)
    assert log.deliveries.subscriber("stream").position == 120
    ((_, entry),) = cast(Any, client.xrange(STREAM, count=1))
    assert entry.keys() == {"id", "type", "subject", "event"}
    assert orjson.loads(entry["event"])["subject"] == entry["subject"] == "g0"
    assert relay(relay_on(log, server)) == Relayed(0, 120, "done")
    log.many(3)
    assert relay(relay_on(log, server)) == Relayed(3, 123, "done")


def test_a_position_is_remembered_only_after_the_event_was_published(log: Log, server: str) -> None:
    log.stream()
    log.many(3)
    assert relay(relay_on(log, "redis://127.0.0.1:1/0")).why == "lost"
    assert log.deliveries.subscriber("stream").position == 0
    assert relay(relay_on(log, server)).published >= 0


def test_what_was_published_and_not_remembered_is_not_published_twice(
    log: Log, client: redis.Redis, server: str
) -> None:
    log.stream()
    log.many(20)
    relay(relay_on(log, server))
    lease = log.deliveries.take("stream", "one", 30)
    assert lease
    assert log.deliveries.advance(lease, 5, 30)
    log.deliveries.release(lease)
    assert relay(relay_on(log, server)) == Relayed(0, 20, "done")
    assert stream_of(client) == everything(log)


def test_one_relay_at_a_time_publishes(
    log: Log, client: redis.Redis, server: str, clock: StandingClock
) -> None:
    log.stream()
    log.many(5)
    assert log.deliveries.take("stream", "other", 30)
    assert relay(relay_on(log, server)).why == "taken"
    assert stream_of(client) == []
    clock.turn(1)
    assert relay(relay_on(log, server)).why == "done"


def test_a_relay_that_was_stopped_and_revived_appends_nothing(
    log: Log, client: redis.Redis, server: str, clock: StandingClock
) -> None:
    """Also after the stream was lost meanwhile: what it would append stands behind a gap then."""
    told = log.stream()
    log.many(30)
    sleeper, asleep = RedisStream(server), log.deliveries.take("stream", "sleeper", 30)
    assert asleep
    old = Claim(told.log, 0, asleep.epoch)
    sleeper.open(old, anew=False)
    clock.turn(1)
    relay(relay_on(log, server, "awake", at_once=10))
    late = [Letter(31, "g9/1", "customer.updated", "g9", b"{}")]
    for tail in (0, 30):
        with pytest.raises(SinkLost):
            sleeper.publish(old, tail, late)
    client.flushall()
    with pytest.raises(SinkLost):
        sleeper.publish(old, 0, late)
    relay(relay_on(log, server, "awake"))
    for refused in (
        lambda: sleeper.publish(old, 30, late),
        lambda: sleeper.open(old, anew=True),
        lambda: sleeper.tail(old),
    ):
        with pytest.raises(SinkLost):
            refused()
    assert not log.deliveries.advance(asleep, 31, 30)
    assert stream_of(client) == everything(log)


@pytest.mark.parametrize("done", [0, 12])
def test_a_stream_that_was_lost_is_begun_anew_with_what_some_reader_is_not_done_with(
    log: Log, client: redis.Redis, server: str, done: int
) -> None:
    log.stream()
    log.many(20)
    relay(relay_on(log, server))
    fast, slow = Reader(client, "erp"), Reader(client, "loyalty")
    fast.read()
    slow.read(done + 1, acknowledge=False)
    for position in range(1, done + 1):
        client.xack(STREAM, "loyalty", f"{position}-0")
    log.many(5)
    relay(relay_on(log, server))
    assert log.deliveries.subscriber("stream").horizon == done
    client.flushall()
    log.many(5)
    relay(relay_on(log, server))
    assert stream_of(client) == everything(log)[done:]
    fast.read()
    assert set(fast.had) == {event_id for _, event_id in everything(log)}


def test_only_what_every_reader_is_done_with_is_dropped(log: Log, client: redis.Redis, server: str) -> None:
    log.stream()
    log.many(10)
    relay(relay_on(log, server))
    assert len(stream_of(client)) == 10, "without a reader everything stays"
    first, second = Reader(client, "erp"), Reader(client, "loyalty")
    first.read(8)
    second.read(3)
    second.read(2, acknowledge=False)
    relay(relay_on(log, server))
    assert [position for position, _ in stream_of(client)] == list(range(4, 11))
    second.read(100)
    client.xack(STREAM, "loyalty", "4-0", "5-0")
    relay(relay_on(log, server))
    assert [position for position, _ in stream_of(client)] == [9, 10]
    first.read()
    relay(relay_on(log, server))
    assert [position for position, _ in stream_of(client)] == [10], "the last entry says where it ends"
    client.xdel(STREAM, "10-0")
    log.many(2)
    relay(relay_on(log, server))
    assert [position for position, _ in stream_of(client)] == [11, 12]


def test_a_relay_that_slept_drops_nothing_of_a_stream_that_was_begun_anew(
    log: Log, client: redis.Redis, server: str
) -> None:
    told = log.stream()
    log.many(20)
    asleep = log.deliveries.take("stream", "sleeper", 0)
    assert asleep
    old, sleeper = Claim(told.log, 0, asleep.epoch), RedisStream(server)
    sleeper.open(old, anew=False)
    relay(relay_on(log, server))
    Reader(client).read()
    relay(relay_on(log, server))
    replay(log.deliveries, "stream", 3)
    relay(relay_on(log, server))
    for refused in (lambda: sleeper.trim(old, 15), lambda: sleeper.readers(old)):
        with pytest.raises(SinkLost):
            refused()
    assert stream_of(client) == everything(log)[3:]


def test_a_reader_that_is_forgotten_is_waited_for_no_more(log: Log, client: redis.Redis, server: str) -> None:
    log.stream()
    log.many(20)
    relay(relay_on(log, server))
    stays, gone = Reader(client, "erp"), Reader(client, "gone")
    gone.read(3)
    relay(relay_on(log, server))
    client.flushall()
    relay(relay_on(log, server))
    stays.read()
    relay(relay_on(log, server))
    assert [position for position, _ in stream_of(client)] == list(range(4, 21))
    with pytest.raises(LookupFailed, match="E522"):
        forget_reader(log.deliveries, "stream", "nobody")
    assert forget_reader(log.deliveries, "stream", "gone").readers == ("erp",)
    relay(relay_on(log, server))
    assert [position for position, _ in stream_of(client)] == [20]


def test_a_database_whose_epochs_went_back_is_not_refused_for_long(
    log: Log, client: redis.Redis, server: str, clock: StandingClock
) -> None:
    told = log.stream()
    log.many(5)
    for _ in range(50):
        relay(relay_on(log, server))
    log.deliveries.remove("stream")
    log.deliveries.add(told)
    clock.turn(1)
    log.many(5)
    assert relay(relay_on(log, server)).why == "done"
    assert stream_of(client) == everything(log)


@pytest.mark.parametrize("saved", [None, 10, 30], ids=["nothing saved", "an old save", "all saved"])
def test_a_redis_that_is_killed_and_started_again_gets_what_it_lost(
    log: Log, tmp_path: Path, saved: int | None
) -> None:
    mortal = MortalRedis(tmp_path)
    try:
        log.stream()
        for count in (10, 20):
            log.many(count)
            relay(relay_on(log, mortal.url))
            if saved == len(everything(log)):
                mortal.save()
        mortal.kill()
        assert relay(relay_on(log, mortal.url)).why == "lost"
        mortal.start()
        relay(relay_on(log, mortal.url))
        with redis.Redis.from_url(mortal.url, decode_responses=True) as client:
            assert stream_of(client) == everything(log)
    finally:
        mortal.kill()


def test_a_relay_that_has_nothing_to_publish_notices_a_loss(
    log: Log, client: redis.Redis, server: str
) -> None:
    log.stream()
    log.many(30)
    stop, told = Stop(), list[Relayed]()
    room = relay_on(log, server, seconds=1.0)
    thread = Thread(target=relay_until, args=(room, stop, told.append))
    thread.start()
    for _ in range(2):
        _until(lambda: len(stream_of(client)) == 30)
        client.flushall()
    _until(lambda: len(stream_of(client)) == 30)
    stop.set()
    thread.join()
    assert {one.why for one in told} == {"lost", "stopped"}


def _until(true: Any) -> None:
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_database_restored_to_a_past_begins_the_stream_anew(
    log: Log, client: redis.Redis, server: str
) -> None:
    told = log.stream()
    log.many(5)
    lost = Claim(told.log, 0, 1)
    sink = RedisStream(server)
    sink.open(lost, anew=False)
    sink.publish(lost, 0, [Letter(8, "g7/1", "customer.updated", "g7", b"{}")])
    log.deliveries.take("stream", "first", 0)
    relay(relay_on(log, server))
    assert stream_of(client) == everything(log)


def test_a_stream_of_somebody_else_is_left_alone(log: Log, client: redis.Redis, server: str) -> None:
    log.stream()
    log.many(5)
    client.xadd(STREAM, {"order": "17"})
    for _ in range(2):
        with pytest.raises(DeliveryError, match="E705"):
            relay(relay_on(log, server))
    assert client.xlen(STREAM) == 1
    client.flushall()
    RedisStream(server).open(Claim("another log", 0, 1), anew=False)
    with pytest.raises(DeliveryError, match="E705"):
        relay(relay_on(log, server))
    told = list[Relayed]()
    stop = Stop()

    def heard(one: Relayed) -> None:
        told.append(one)
        stop.set()

    relay_until(relay_on(log, server, seconds=0.1), stop, heard)
    assert told[0].why == "E705"


def test_a_replay_begins_the_stream_anew_and_skips_nothing_that_is_not_done(
    log: Log, client: redis.Redis, server: str
) -> None:
    log.stream()
    log.many(20)
    relay(relay_on(log, server))
    reader = Reader(client)
    reader.read(8)
    relay(relay_on(log, server))
    assert replay(log.deliveries, "stream", 15).position == 15
    relay(relay_on(log, server))
    assert [position for position, _ in stream_of(client)] == list(range(9, 21))
    replay(log.deliveries, "stream", 3)
    relay(relay_on(log, server))
    assert [position for position, _ in stream_of(client)] == list(range(4, 21))
    reader.read()
    assert set(reader.had) == {event_id for _, event_id in everything(log)}


def test_a_stream_that_is_paused_gets_nothing(log: Log, client: redis.Redis, server: str) -> None:
    log.stream()
    log.many(3)
    log.deliveries.set_status("stream", SubscriberStatus.PAUSED, "")
    assert relay(relay_on(log, server)).why == "inactive"
    relay_until(relay_on(log, server), Stop())
    assert stream_of(client) == []


def test_two_thousand_events_a_second_go_through(store: Store, client: redis.Redis, server: str) -> None:
    log = Log(store, SystemClock())
    log.stream()
    log.many(6_000, 500)
    began = time.monotonic()
    assert relay(relay_on(log, server, at_once=500)).published == 6_000
    assert time.monotonic() - began < 3.0
    assert client.xlen(STREAM) == 6_000
