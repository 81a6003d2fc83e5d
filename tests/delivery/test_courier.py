"""Webhooks hear the log in the order of each profile; an event that fails holds up its profile and nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event as Latch

import pytest

from identity.bootstrap import SystemClock
from identity.delivery.courier import Delivered
from identity.delivery.fuse import Fuse
from identity.delivery.post import Outcome, Verdict
from identity.delivery.schedule import GIVE_UP, TRIPPED, WAITS
from identity.delivery.subscribing import replay
from identity.model.delivery import SubscriberStatus
from identity.store import Store
from tests.store.worlds import MONDAY, StandingClock

from .receivers import Answer, Heard, Receiver, receiver
from .world import Log, courier_on, told, until


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def failing(*subjects: str, status: int = 500) -> Callable[[Heard], Answer]:
    return lambda heard: Answer(status if heard.event["subject"] in subjects else 200)


def in_order(found: dict[str, list[int]]) -> bool:
    return all(versions == list(range(1, len(versions) + 1)) for versions in found.values())


def deliver(log: Log, shop: Receiver) -> Delivered:
    return told(courier_on(log, shop.url))


def test_everything_that_is_wanted_is_told_once_and_in_order(log: Log, shop: Receiver) -> None:
    log.subscribe(address=shop.url)
    log.many(120, 9)
    assert deliver(log, shop).taken == 120
    assert deliver(log, shop) == Delivered("shop")
    log.many(3, 9)
    assert deliver(log, shop).taken == 3
    assert len(shop.taken) == 123
    assert in_order(shop.by_subject())


def test_types_that_nobody_asked_for_are_passed_over(log: Log, shop: Receiver) -> None:
    log.subscribe(address=shop.url, types=("customer.merged",))
    log.many(40)
    assert deliver(log, shop).taken == 0
    assert log.deliveries.subscriber("shop").position == 40
    log.deliveries.set_types("shop", [])
    log.many(2)
    assert deliver(log, shop).taken == 2


def test_a_profile_that_fails_waits_with_all_that_follows_while_the_others_go_on(
    log: Log, shop: Receiver, clock: StandingClock
) -> None:
    log.subscribe(address=shop.url)
    log.many(70, 7)
    shop.answers = failing("g3")
    assert deliver(log, shop).held == 1
    assert shop.by_subject().keys() == {"g0", "g1", "g2", "g4", "g5", "g6"}
    assert in_order(shop.by_subject())
    assert len(log.deliveries.held("shop")) == 10
    log.many(7, 7)
    deliver(log, shop)
    assert len([heard for heard in shop.heard if heard.event["subject"] == "g3"]) == 1, (
        "its turn has not come"
    )
    shop.answers = failing()
    clock.moment += WAITS[0]
    assert deliver(log, shop).taken == 11
    assert in_order(shop.by_subject())
    assert {len(versions) for versions in shop.by_subject().values()} == {11}
    assert log.deliveries.held("shop") == ()


def test_after_ten_attempts_in_three_days_an_event_is_given_up_and_its_profile_waits_for_a_person(
    log: Log, shop: Receiver, clock: StandingClock
) -> None:
    log.subscribe(address=shop.url)
    log.tell("g1", "g1", "g2")
    shop.answers = failing("g1", status=422)
    began = clock.now()
    for wait in (timedelta(0), *WAITS):
        clock.moment += wait
        deliver(log, shop)
    assert timedelta(days=3) < clock.now() - began < timedelta(days=4)
    (letter,) = log.deliveries.dead_letters("shop")
    assert (letter.event_id, letter.attempts, letter.code) == ("g1/1", 10, "HTTP_422")
    assert log.deliveries.subscriber("shop").status is SubscriberStatus.ACTIVE
    clock.moment += timedelta(days=30)
    log.tell("g1", "g2")
    deliver(log, shop)
    assert shop.by_subject() == {"g2": [1, 2]}
    shop.answers = failing()
    assert log.deliveries.redrive([letter.number]) == 1
    assert deliver(log, shop).taken == 3
    assert shop.by_subject()["g1"] == [1, 2, 3]


def test_who_asks_for_time_gets_it_and_it_counts_against_no_event(
    log: Log, shop: Receiver, clock: StandingClock
) -> None:
    log.subscribe(address=shop.url)
    log.many(20)
    shop.answers = lambda _: Answer(429, {"Retry-After": "120"})
    heard = deliver(log, shop)
    assert (heard.why, heard.again_at) == ("waiting", MONDAY + timedelta(seconds=120))
    few = len(shop.heard)
    assert few <= 4, "no more than were on their way"
    assert deliver(log, shop).why == "waiting"
    assert len(shop.heard) == few
    shop.answers = lambda _: Answer()
    clock.moment += timedelta(seconds=120)
    assert deliver(log, shop).taken == 20
    assert in_order(shop.by_subject())
    assert all(waiting.attempts == 0 for waiting in log.deliveries.held("shop"))


def test_a_subscriber_that_is_down_is_tried_with_one_event_at_a_time_and_its_backlog_stays_in_the_log(
    log: Log, shop: Receiver, clock: StandingClock
) -> None:
    log.subscribe(address=shop.url)
    log.many(1_000, 50)
    shop.answers = lambda _: Answer(503)
    assert deliver(log, shop).why == "waiting"
    first = len(shop.heard)
    assert TRIPPED <= first < TRIPPED + 4
    for round in range(1, 12):
        found = log.deliveries.subscriber("shop")
        assert found.retry_at
        clock.moment = found.retry_at
        assert deliver(log, shop).why == "waiting"
        assert len(shop.heard) == first + round
    assert log.deliveries.subscriber("shop").position <= 50 * (1 + 11)
    assert max(waiting.attempts for waiting in log.deliveries.held("shop")) == 1
    shop.answers = lambda _: Answer()
    clock.moment += timedelta(hours=1)
    assert deliver(log, shop).taken == 1_000
    assert in_order(shop.by_subject())


def test_an_outage_of_four_days_gives_no_event_up(log: Log, shop: Receiver, clock: StandingClock) -> None:
    log.subscribe(address=shop.url)
    log.many(30, 30)
    shop.answers = lambda _: Answer(cut=True)
    while clock.now() < MONDAY + timedelta(days=4):
        again = deliver(log, shop).again_at
        assert again
        clock.moment = again
    assert log.deliveries.dead_letters("shop") == ()
    shop.answers = lambda _: Answer()
    clock.moment += timedelta(hours=1)
    deliver(log, shop)
    assert sorted(shop.taken) == sorted(f"g{number}/1" for number in range(30))


def test_profiles_that_fail_for_good_do_not_keep_the_others_waiting(
    log: Log, shop: Receiver, clock: StandingClock
) -> None:
    """As many as it takes to look like a subscriber that is down: a fresh event proves that it is not."""
    log.subscribe(address=shop.url)
    broken = [f"bad{number}" for number in range(TRIPPED + 3)]
    log.tell(*broken)
    shop.answers = failing(*broken)
    deliver(log, shop)
    for day in range(3):
        log.many(20)
        clock.turn(24)
        deliver(log, shop)
        assert len(shop.taken) == 20 * (day + 1)


def test_who_takes_nothing_for_five_days_is_told_no_more_until_a_person_says_so(
    log: Log, shop: Receiver, clock: StandingClock
) -> None:
    log.subscribe(address=shop.url)
    log.many(30, 10)
    shop.answers = lambda _: Answer(502)
    for _ in range(1_000):
        heard = deliver(log, shop)
        if heard.why == "inactive":
            break
        assert heard.again_at
        clock.moment = heard.again_at
    found = log.deliveries.subscriber("shop")
    assert (found.status, found.reason) == (SubscriberStatus.DISABLED, "FAILING")
    assert GIVE_UP <= clock.now() - MONDAY < GIVE_UP + timedelta(hours=2)
    tried = len(shop.heard)
    log.many(10, 10)
    clock.turn(48)
    assert deliver(log, shop).why == "inactive"
    assert len(shop.heard) == tried
    shop.answers = lambda _: Answer()
    log.deliveries.set_status("shop", SubscriberStatus.ACTIVE, "")
    assert deliver(log, shop).taken == 40
    assert in_order(shop.by_subject())


def test_who_is_gone_is_told_no_more(log: Log, shop: Receiver) -> None:
    log.subscribe(address=shop.url)
    log.many(20)
    shop.answers = lambda _: Answer(410)
    assert deliver(log, shop).why == "inactive"
    found = log.deliveries.subscriber("shop")
    assert (found.status, found.reason) == (SubscriberStatus.DISABLED, "HTTP_410")
    shop.answers = lambda _: Answer()
    log.deliveries.set_status("shop", SubscriberStatus.ACTIVE, "")
    assert deliver(log, shop).taken == 20


def test_one_quiet_failure_long_ago_disables_nobody(clock: StandingClock) -> None:
    fuse = Fuse(1, MONDAY - timedelta(days=30))
    fuse.note(Outcome(Verdict.FAILED, "HTTP_500"), clock.now())
    assert not fuse.blown


def test_a_replay_tells_again_what_is_behind_and_nothing_twice_at_once(log: Log, shop: Receiver) -> None:
    log.subscribe(address=shop.url)
    log.many(20, 5)
    deliver(log, shop)
    assert replay(log.deliveries, "shop", 12).behind == 8
    assert deliver(log, shop).taken == 8
    assert sorted(shop.taken[20:]) == sorted(event.event_id for event in log.deliveries.events(12))
    assert replay(log.deliveries, "shop", MONDAY).position == 0


def test_several_couriers_at_once_tell_each_event_once_and_in_order(store: Store, shop: Receiver) -> None:
    log = Log(store, SystemClock())
    log.subscribe(address=shop.url)
    stop = Latch()

    def on_duty(holder: int) -> int:
        courier, sent = courier_on(log, shop.url, holder=str(holder), at_once=10), 0
        while not stop.is_set():
            sent += told(courier).taken
        return sent

    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(on_duty, holder) for holder in range(4)]
        for _ in range(10):
            log.many(20)
        until(lambda: len(shop.taken) >= 200)
        stop.set()
    assert sum(one.result() for one in sent) == 200
    assert len(shop.taken) == len(set(shop.taken)) == 200
    assert in_order(shop.by_subject())


def test_what_a_courier_was_telling_when_it_lost_its_lease_is_told_by_its_successor(
    log: Log, shop: Receiver, clock: StandingClock
) -> None:
    """At least once: a receiver knows by the id what it was told before."""
    log.subscribe(address=shop.url)
    log.many(10, 10)
    latch = Latch()
    shop.answers = lambda _: Answer(waits_for=latch)
    with ThreadPoolExecutor(1) as pool:
        asleep = pool.submit(told, courier_on(log, shop.url, holder="asleep"))
        until(lambda: len(shop.heard) == 4)
        assert deliver(log, shop).why == "taken"
        clock.turn(1)
        shop.answers = lambda _: Answer()
        assert deliver(log, shop).taken == 10
        latch.set()
        assert asleep.result().why == "taken"
    assert log.deliveries.subscriber("shop").position == 10
    assert {len(versions) for versions in shop.by_subject().values()} == {2}


def test_a_courier_moves_with_its_subscriber(log: Log, shop: Receiver) -> None:
    log.subscribe(address=shop.url)
    log.many(10, 1)
    latch = Latch()
    shop.answers = lambda _: Answer(waits_for=latch)
    with receiver() as elsewhere, ThreadPoolExecutor(1) as pool:
        old = pool.submit(told, courier_on(log, shop.url))
        until(lambda: shop.heard)
        log.deliveries.set_address("shop", elsewhere.url)
        latch.set()
        assert old.result().why == "taken"
        assert told(courier_on(log, elsewhere.url)).taken == 10
        assert in_order(elsewhere.by_subject())
