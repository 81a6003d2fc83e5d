"""kill -9 at random moments, of relays and couriers, and a Redis that loses its memory meanwhile: nobody misses an
event, and of each profile everybody hears its events in order."""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random
from threading import Event as Latch

import pytest
import redis

from identity.bootstrap import SystemClock
from identity.store import Store

from .mortals import at_work, delivering, relaying, writing
from .receivers import Answer, receiver
from .world import Log, Reader, courier_on, told, until

KILLS = 8
BATCHES = 50
_RANDOM = Random(20_261_125)


@pytest.fixture
def life(store: Store) -> Log:
    return Log(store, SystemClock())


def known(life: Log, url: str, server: str, readers: list[Reader]) -> None:
    """Have the relay meet them: from then on it waits for each."""
    life.tell("first")
    for reader in readers:
        reader.begin()
    with at_work(relaying, url, server):
        until(lambda: len(life.deliveries.subscriber("stream").readers) == len(readers))


def first_heard(had: list[str]) -> list[str]:
    """What was heard, without what was told again."""
    return list(dict.fromkeys(had))


def by_subject(had: list[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for event_id in first_heard(had):
        subject, _, version = event_id.partition("/")
        found.setdefault(subject, []).append(int(version))
    return found


def test_readers_get_everything_in_order_though_relays_are_killed_and_redis_forgets(
    life: Log, url: str, client: redis.Redis, server: str
) -> None:
    life.stream()
    readers = [Reader(client, "erp"), Reader(client, "loyalty"), Reader(client, "late")]
    often, rarely = readers[:2], readers[2]
    known(life, url, server, readers)
    with at_work(writing, url, BATCHES, 40) as (_, writer):
        for kill in range(KILLS):
            with at_work(relaying, url, server):
                over = time.monotonic() + _RANDOM.uniform(0.05, 0.5)
                while time.monotonic() < over:
                    for reader in often:
                        reader.read(50)
                if kill % 3 == 1:
                    rarely.read(50)
                    client.flushall()
        assert writer.poll(30)
    wanted = {event.event_id for event in life.deliveries.events(0, 100_000)}
    assert len(wanted) == 1 + BATCHES * 25
    with at_work(relaying, url, server):
        until(lambda: all(reader.read(500) == 0 and wanted <= set(reader.had) for reader in readers))
    for reader in readers:
        versions = by_subject(reader.had)
        assert all(found == sorted(found) for found in versions.values())
        assert set(first_heard(reader.had)) == wanted


def test_a_reader_that_slept_while_redis_forgot_misses_nothing(
    life: Log, url: str, client: redis.Redis, server: str
) -> None:
    """Its group went with the memory: what it has still to do is kept until it is back, or said to be gone."""
    life.stream()
    awake, asleep = Reader(client, "erp"), Reader(client, "loyalty")
    known(life, url, server, [awake, asleep])
    life.many(39)
    with at_work(relaying, url, server):
        until(lambda: awake.read() == 0 and len(set(awake.had)) == 40)
        asleep.read(10)
        until(lambda: life.deliveries.subscriber("stream").horizon >= 10)
        client.flushall()
        life.many(40)
        for count in (80, 81, 82):  # with each, the relay looks at what could be dropped
            until(lambda count=count: awake.read() == 0 and len(set(awake.had)) == count)  # type: ignore[misc]
            life.tell("first")
        assert life.deliveries.subscriber("stream").horizon <= 11
        until(lambda: asleep.read() == 0 and len(set(asleep.had)) == 83)
        until(lambda: awake.read() >= 0 and life.deliveries.subscriber("stream").horizon == 83)
        client.xgroup_destroy("identity:events", "loyalty")
        until(lambda: life.deliveries.subscriber("stream").readers == ("erp",))
        life.many(5)
        until(lambda: awake.read() >= 0 and life.deliveries.subscriber("stream").horizon == 88)


@pytest.fixture
def latch() -> Iterator[Latch]:
    found = Latch()
    yield found
    found.set()


def test_a_killed_couriers_lease_is_taken_over_and_what_it_was_telling_is_told_again(
    life: Log, url: str, latch: Latch
) -> None:
    with receiver() as shop:
        life.subscribe(address=shop.url)
        life.many(30, 10)
        shop.answers = lambda _: Answer(waits_for=latch)
        with at_work(delivering, url, shop.url):
            until(lambda: len(shop.heard) >= 4)
        on_its_way = len(shop.heard)
        shop.answers = lambda _: Answer()
        assert told(courier_on(life, shop.url)).why == "taken"
        until(lambda: told(courier_on(life, shop.url)).taken == 30)
        assert by_subject(shop.taken[on_its_way:]).keys() == {f"g{number}" for number in range(10)}
        assert all(found == [1, 2, 3] for found in by_subject(shop.taken[on_its_way:]).values())


def test_couriers_killed_at_random_moments_leave_nobody_without_an_event(life: Log, url: str) -> None:
    with receiver() as shop:
        life.subscribe(address=shop.url)
        with at_work(writing, url, 20, 25) as (_, writer):
            for _ in range(5):
                with at_work(delivering, url, shop.url):
                    time.sleep(_RANDOM.uniform(0.02, 0.3))
            assert writer.poll(30)
        wanted = {event.event_id for event in life.deliveries.events(0, 100_000)}
        until(lambda: told(courier_on(life, shop.url)).why == "done" and set(shop.taken) >= wanted)
        assert all(found == sorted(found) for found in by_subject(shop.taken).values())
