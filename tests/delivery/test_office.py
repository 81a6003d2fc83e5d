"""Everybody is told by a thread of its own, for as long as it is to be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event as Stop
from threading import Lock, Thread
from typing import Any

import pytest
import redis

from identity.bootstrap import SystemClock
from identity.delivery.office import Office, deliver_once, deliver_until
from identity.model.delivery import SubscriberStatus
from identity.model.errors import DeliveryError, LookupFailed
from identity.store import Store

from .receivers import Answer, Receiver, receiver
from .world import Log, office_of, stream_of, until


@pytest.fixture
def life(store: Store) -> Log:
    return Log(store, SystemClock())


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@contextmanager
def open_office(office: Office) -> Iterator[list[tuple[str, str]]]:
    """Deliver meanwhile; what was told of each turn is listed with its name."""
    stop, heard, lock = Stop(), list[tuple[str, str]](), Lock()

    def tell(name: str, told: Any) -> None:
        with lock:
            heard.append((name, getattr(told, "why", "") or getattr(told, "code", "")))

    thread = Thread(target=deliver_until, args=(office, stop, tell))
    thread.start()
    try:
        yield heard
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


def test_one_that_does_not_answer_delays_nobody(life: Log, client: redis.Redis, server: str) -> None:
    latch = Stop()
    with receiver() as stuck, receiver() as well:
        stuck.answers = lambda _: Answer(waits_for=latch)
        life.subscribe("stuck", address=stuck.url)
        life.subscribe("well", address=well.url)
        life.stream()
        life.many(4)
        with open_office(office_of(life, redis_url=server)):
            until(lambda: stuck.heard)
            life.many(60)
            end = life.deliveries.log_end()
            until(lambda: len(well.taken) == len(stream_of(client)) == end)
            assert stuck.taken == [] or len(stuck.heard) <= 4
            assert life.deliveries.subscriber("stuck").position == 0
            latch.set()
            until(lambda: life.deliveries.subscriber("stuck").position == end)


def test_who_is_added_paused_moved_or_removed_meanwhile_is_told_accordingly(
    life: Log, shop: Receiver
) -> None:
    life.many(5)
    with open_office(office_of(life)) as heard, receiver() as elsewhere:
        life.subscribe(address=shop.url)
        until(lambda: len(shop.taken) == 5)
        life.deliveries.set_status("shop", SubscriberStatus.PAUSED, "their release")
        until(lambda: ("shop", "inactive") in heard)
        life.many(5)
        life.deliveries.set_status("shop", SubscriberStatus.ACTIVE, "")
        until(lambda: len(shop.taken) == 10)
        life.deliveries.set_address("shop", elsewhere.url)
        life.many(5)
        until(lambda: life.deliveries.subscriber("shop").position == 15)
        until(lambda: len(set(shop.taken) | set(elsewhere.taken)) == 15)
        life.many(5)
        until(lambda: {event["id"] for event in (h.event for h in elsewhere.heard)} >= set(_ids(life)[15:]))
        life.deliveries.remove("shop")
        until(lambda: ("shop", "E520") in heard)


def _ids(life: Log) -> list[str]:
    return [event.event_id for event in life.deliveries.events(0, 1_000)]


def test_a_stream_that_is_moved_is_told_at_its_new_place(life: Log, client: redis.Redis, server: str) -> None:
    life.stream()
    life.many(5)
    with open_office(office_of(life, redis_url=server)) as heard:
        until(lambda: len(stream_of(client)) == 5)
        life.deliveries.set_address("stream", "elsewhere")
        life.many(5)
        until(lambda: client.xlen("elsewhere") == 10)
        assert ("stream", "moved") in heard
    assert len(stream_of(client)) <= 10


def test_one_that_cannot_be_told_says_why_and_is_told_when_it_is_mended(life: Log, shop: Receiver) -> None:
    life.subscribe("mute", address=shop.url, secrets=("mislaid",))
    life.subscribe("forbidden", address="https://shop.example/hook")
    life.deliveries.set_address("forbidden", "http://10.0.0.1/hook")
    life.many(5)
    with open_office(office_of(life)) as heard:
        until(lambda: {("mute", "E704"), ("forbidden", "E702")} <= set(heard))
        assert shop.heard == []
        life.deliveries.set_secrets("mute", ("new",))
        until(lambda: len(shop.taken) == 5)


def test_once_tells_what_there_is(life: Log, shop: Receiver, client: redis.Redis, server: str) -> None:
    life.subscribe(address=shop.url)
    life.stream()
    life.many(5)
    office = office_of(life, redis_url=server)
    assert deliver_once(office, "shop").why == deliver_once(office, "stream").why == "done"
    assert len(shop.taken) == len(stream_of(client)) == 5
    with pytest.raises(LookupFailed, match="E520"):
        deliver_once(office, "nobody")
    with pytest.raises(DeliveryError, match="E706"):
        deliver_once(office_of(life), "stream")
