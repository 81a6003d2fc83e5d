"""Rows about delivery: webhooks that are gone or lead elsewhere, couriers that are killed, relays that sleep."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from urllib.parse import urlsplit

import redis

from identity.bootstrap import SystemClock
from identity.model.delivery import SubscriberStatus
from tests.consumers.world import MovingClock
from tests.delivery.mortals import at_work, delivering, relaying, writing
from tests.delivery.receivers import Answer, receiver
from tests.delivery.servers import MortalRedis
from tests.delivery.world import Log, Reader, courier_on, stream_of, told, until
from tests.faults.fault import Fault
from tests.faults.ground import Scene
from tests.faults.proxy import proxy

__all__ = ["FAULTS"]

EVENTS = 200


def _log(scene: Scene, kind: str = "") -> tuple[Log, str]:
    url = scene.database(kind, verify=False)
    return Log(scene.store(url, 20), SystemClock()), url


def webhook_gone(scene: Scene) -> Sequence[str]:
    """410: nobody is told any more, until a person says so; then everything is."""
    log, _ = _log(scene)
    with receiver() as shop:
        log.subscribe(address=shop.url)
        log.many(20)
        shop.answers = lambda _: Answer(410)
        told(courier_on(log, shop.url))
        found = log.deliveries.subscriber("shop")
        problems = [] if found.status is SubscriberStatus.DISABLED else [f"it is {found.status}"]
        heard = len(shop.heard)
        told(courier_on(log, shop.url))
        problems += [] if len(shop.heard) == heard else ["it was told again"]
        shop.answers = lambda _: Answer()
        log.deliveries.set_status("shop", SubscriberStatus.ACTIVE, "")
        told(courier_on(log, shop.url))
        return [*problems, *_all_in_order(log, shop.taken)]


def webhook_redirects(scene: Scene) -> Sequence[str]:
    """3xx: the redirect is not followed, the event is kept for later."""
    clock = MovingClock()
    log = Log(scene.store(scene.database(verify=False), 20), clock)
    status = (301, 302, 303, 307, 308)[scene.number % 5]
    with receiver() as elsewhere, receiver() as shop:
        log.subscribe(address=shop.url)
        log.many(10)
        shop.answers = lambda _: Answer(status, {"Location": elsewhere.url})
        first = told(courier_on(log, shop.url))
        problems = ["the redirect was followed"] if elsewhere.heard else []
        problems += [f"{first.taken} count as taken"] if first.taken else []
        shop.answers = lambda _: Answer()
        for _ in range(8):
            clock.turn(3_600)
            told(courier_on(log, shop.url))
        return [*problems, *_all_in_order(log, shop.taken)]


def courier_killed(scene: Scene) -> Sequence[str]:
    log, url = _log(scene)
    with receiver() as shop:
        log.subscribe(address=shop.url)
        with at_work(writing, url, 8, 25) as (_, writer):
            for _ in range(3):
                with at_work(delivering, url, shop.url):
                    time.sleep(scene.random.uniform(0.02, 0.3))
            assert writer.poll(30)
        wanted = {event.event_id for event in log.deliveries.events(0, 100_000)}
        until(lambda: told(courier_on(log, shop.url)).why == "done" and set(shop.taken) >= wanted)
        return _all_in_order(log, shop.taken)


def relay_sleeps(scene: Scene) -> Sequence[str]:
    """SIGSTOP past its lease: another one goes on, and what the first appends when it wakes is refused.

    On a server: a file is held by who is frozen in the middle of a change, which is a row of its own.
    """
    log, url = _log(scene, "postgresql")
    client = scene.redis()
    log.stream()
    with at_work(relaying, url, scene.ground.redis_url) as (sleeper, _):
        log.many(EVENTS)
        time.sleep(scene.random.uniform(0, 0.15))
        os.kill(sleeper.pid, signal.SIGSTOP)
        try:
            with at_work(relaying, url, scene.ground.redis_url):
                log.many(EVENTS)
                until(lambda: len(stream_of(client)) >= 2 * EVENTS)
                os.kill(sleeper.pid, signal.SIGCONT)
                log.many(EVENTS)
                until(lambda: len(stream_of(client)) >= 3 * EVENTS)
        finally:
            os.kill(sleeper.pid, signal.SIGCONT)
    wanted = [(event.position, event.event_id) for event in log.deliveries.events(0, 100_000)]
    return (
        []
        if stream_of(client) == wanted
        else ["the stream is not the log: a sleeper wrote, or one is missing"]
    )


def redis_returns(how: str, scene: Scene) -> Sequence[str]:
    """Redis is killed with the memory it had, with an old one, or with none: readers miss nothing all the same."""
    log, url = _log(scene)
    server = MortalRedis(scene.folder)
    scene.stack.callback(server.kill)
    client = scene.stack.enter_context(closing(redis.Redis.from_url(server.url, decode_responses=True)))
    log.stream()
    reader = Reader(client, "erp")
    log.many(40)
    with at_work(relaying, url, server.url):
        until(lambda: len(stream_of(client)) == 40)
        reader.begin()
        until(lambda: log.deliveries.subscriber("stream").readers == ("erp",))
        reader.read(scene.random.randint(1, 30))
        if how == "old":
            server.save()
        log.many(EVENTS)
        if how != "old":
            time.sleep(scene.random.uniform(0, 0.2))
        else:
            until(lambda: len(stream_of(client)) >= EVENTS)
        _break(how, server, client)
        log.many(40)
        until(lambda: _heard_all(log, reader), 40)
    return _all_in_order(log, reader.had)


def _break(how: str, server: MortalRedis, client: redis.Redis) -> None:
    if how == "flushed":
        client.flushall()
        return
    server.kill()
    server.start()


def redis_swallows(scene: Scene) -> Sequence[str]:
    """Connections to Redis stay open, and nothing passes for a while; half of the time they are mute for good: the
    stream goes on by itself."""
    log, url = _log(scene)
    client = scene.redis()
    there = urlsplit(scene.ground.redis_url)
    assert there.port
    log.stream()
    with (
        proxy(str(there.hostname), there.port) as between,
        at_work(relaying, url, f"redis://127.0.0.1:{between.at}{there.path}"),
    ):
        log.many(EVENTS)
        until(lambda: len(stream_of(client)) == EVENTS)
        between.for_good = scene.number % 2 == 0
        between.swallowing = True
        log.many(EVENTS)
        time.sleep(scene.random.uniform(0.2, 2))
        arrived = len(stream_of(client)) - EVENTS
        between.swallowing = False
        log.many(EVENTS)
        until(lambda: len(stream_of(client)) >= 3 * EVENTS, 40)
    found = [f"{arrived} passed: the row proves nothing"] if arrived else []
    wanted = [(event.position, event.event_id) for event in log.deliveries.events(0, 100_000)]
    return [*found, *([] if stream_of(client) == wanted else ["the stream is not the log"])]


def _heard_all(log: Log, reader: Reader) -> bool:
    reader.read(500)
    return {event.event_id for event in log.deliveries.events(0, 100_000)} <= set(reader.had)


def _all_in_order(log: Log, had: Sequence[str]) -> list[str]:
    """Return what is wrong with what somebody heard: an event that is missing, or one before an earlier one."""
    heard = list(dict.fromkeys(had))
    wanted = [event.event_id for event in log.deliveries.events(0, 100_000)]
    missing = set(wanted) - set(heard)
    versions: dict[str, list[int]] = {}
    for event_id in heard:
        subject, _, version = event_id.partition("/")
        versions.setdefault(subject, []).append(int(version))
    mixed = [subject for subject, found in versions.items() if found != sorted(found)]
    return [f"{len(missing)} events were never told"] * bool(missing) + [f"out of order: {mixed}"] * bool(
        mixed
    )


_ALL = "every event is told, each profile's in order"
FAULTS = (
    Fault(
        "webhook: 410",
        "webhook",
        "disabled at once; told everything when it is active again",
        20,
        webhook_gone,
    ),
    Fault("webhook: 3xx", "webhook", "not followed; a failure, tried again later", 20, webhook_redirects),
    Fault("kill -9 courier", "webhook", _ALL, 5, courier_killed),
    Fault(
        "SIGSTOP relay past its lease",
        "relay",
        "the stream is the log: nothing of the sleeper's",
        10,
        relay_sleeps,
    ),
    Fault("kill -9 Redis, memory lost", "Redis", _ALL, 6, partial(redis_returns, "killed")),
    Fault("FLUSHALL", "Redis", _ALL, 6, partial(redis_returns, "flushed")),
    Fault("old RDB restored", "Redis", _ALL, 6, partial(redis_returns, "old")),
    Fault(
        "black hole: Redis",
        "Redis",
        "the stream goes on by itself, each event once and in order",
        10,
        redis_swallows,
    ),
)
