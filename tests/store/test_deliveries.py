"""Who is told and how far, on every database: leases, progress, what is held back and what was given up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from identity.model.delivery import (
    DeadLetter,
    DeadLetterStatus,
    HeldEvent,
    Subscriber,
    SubscriberKind,
    SubscriberStatus,
)
from identity.model.errors import DeliveryError, LookupFailed
from identity.ports import delivery as ports
from identity.ports.delivery import Settlement
from identity.store import Store
from identity.store.deliveries import Deliveries

from .worlds import MONDAY, StandingClock, events


@pytest.fixture
def deliveries(store: Store, clock: StandingClock) -> Deliveries:
    return store.deliveries(clock)


def subscriber(name: str = "shop", **told: Any) -> Subscriber:
    usual = Subscriber(
        name=name,
        kind=SubscriberKind.WEBHOOK,
        address="https://shop.example/hook",
        types=("customer.merged",),
        secrets=("shop_new", "shop_old"),
        status=SubscriberStatus.ACTIVE,
        reason="",
        created_at=MONDAY,
        changed_at=MONDAY,
        position=0,
        horizon=0,
        generation=0,
        log="a log",
    )
    return replace(usual, **told)


def held(position: int, subject: str, **told: Any) -> HeldEvent:
    return replace(HeldEvent("shop", position, subject, 1, MONDAY, MONDAY), **told)


def dead(position: int, subject: str, follower: str = "shop") -> DeadLetter:
    return DeadLetter(
        follower, subject, position, f"{subject}.1", "HTTP_500", "", 10, MONDAY, MONDAY, '{"id": "x"}'
    )


def log(store: Store, clock: StandingClock, *told: tuple[str, int]) -> None:
    with store.begin(clock) as work:
        work.append_events(events(*told))


def test_the_store_gives_what_delivery_asks_for(deliveries: Deliveries) -> None:
    asked_for: ports.Deliveries = deliveries
    assert (asked_for.log_end(), asked_for.subscribers(), asked_for.next_due("shop")) == (0, (), None)


def test_a_subscriber_is_kept_as_it_was_told(deliveries: Deliveries, clock: StandingClock) -> None:
    deliveries.add(subscriber())
    assert deliveries.subscriber("shop") == subscriber()
    with pytest.raises(DeliveryError, match=r"E701.*shop"):
        deliveries.add(subscriber(address="https://other.example"))
    later = clock.turn(1)
    deliveries.set_secrets("shop", ["newer", "shop_new"])
    deliveries.set_types("shop", [])
    deliveries.set_address("shop", "https://shop.example/moved")
    assert deliveries.subscribers() == (
        subscriber(
            address="https://shop.example/moved",
            types=(),
            secrets=("newer", "shop_new"),
            changed_at=later,
        ),
    )


def test_nobody_is_told_by_a_name_that_nobody_bears(deliveries: Deliveries) -> None:
    for refused in (
        lambda: deliveries.subscriber("x"),
        lambda: deliveries.set_status("x", SubscriberStatus.PAUSED, ""),
        lambda: deliveries.rewind("x", 0),
        lambda: deliveries.remove("x"),
    ):
        with pytest.raises(LookupFailed, match="E520"):
            refused()
    with pytest.raises(LookupFailed, match="E521"):
        deliveries.dead_letter(7)


def test_one_at_a_time_has_the_lease_and_whoever_lost_it_keeps_nothing(
    deliveries: Deliveries, clock: StandingClock
) -> None:
    deliveries.add(subscriber())
    first = deliveries.take("shop", "one", 30)
    assert first
    assert first.until == MONDAY + timedelta(seconds=30)
    assert deliveries.take("shop", "other", 30) is None
    assert deliveries.take("nobody", "other", 30) is None
    assert deliveries.advance(first, 5, 30)
    clock.turn(1)
    second = deliveries.take("shop", "other", 30)
    assert second
    assert second.epoch > first.epoch
    assert not deliveries.advance(first, 9, 30)
    assert not deliveries.keep(first, 30)
    assert not deliveries.trimmed(first, 9)
    assert not deliveries.settle(first, Settlement(9, held=[held(9, "g1")]), 30)
    deliveries.release(first)
    assert deliveries.take("shop", "third", 30) is None
    assert deliveries.subscriber("shop").position == 5
    assert deliveries.held("shop") == ()
    deliveries.release(second)
    assert deliveries.take("shop", "third", 30)


def test_a_lease_of_a_name_that_was_removed_or_moved_holds_no_more(
    deliveries: Deliveries, clock: StandingClock
) -> None:
    """Also where the name is given anew, and its epochs begin anew with it."""
    deliveries.add(subscriber())
    sleeper = deliveries.take("shop", "sleeper", 30)
    assert sleeper
    deliveries.set_address("shop", "https://shop.example/moved")
    assert not deliveries.settle(sleeper, Settlement(3), 30)
    sleeper = deliveries.take("shop", "sleeper", 30)
    assert sleeper
    deliveries.remove("shop")
    clock.moment += timedelta(seconds=1)
    deliveries.add(subscriber())
    for _ in range(3):
        assert not deliveries.settle(sleeper, Settlement(9), 30)
        again = deliveries.take("shop", "again", 0)
        assert again
        assert again.epoch > sleeper.epoch
    assert deliveries.subscriber("shop").position == 0


def test_who_is_activated_is_told_at_once_what_waited(
    store: Store, deliveries: Deliveries, clock: StandingClock
) -> None:
    log(store, clock, ("g1", 1), ("g2", 1))
    deliveries.add(subscriber())
    lease = deliveries.take("shop", "one", 30)
    assert lease
    days = MONDAY + timedelta(days=1)
    waiting = [held(1, "g1", next_at=days, attempts=9), held(2, "g2", next_at=MONDAY - timedelta(hours=1))]
    assert deliveries.settle(lease, Settlement(2, held=waiting, disabled="FAILING"), 30)
    deliveries.set_status("shop", SubscriberStatus.ACTIVE, "")
    assert [(one.position, one.attempts) for one, _ in deliveries.due("shop", 9)] == [(2, 1), (1, 9)]


def test_groups_that_read_a_stream_are_remembered(deliveries: Deliveries) -> None:
    deliveries.add(subscriber())
    lease = deliveries.take("shop", "one", 30)
    assert lease
    assert deliveries.read_by(lease, {"loyalty", "erp"})
    assert deliveries.subscriber("shop").readers == ("erp", "loyalty")
    deliveries.set_readers("shop", ["erp"])
    assert deliveries.subscriber("shop").readers == ("erp",)
    assert not deliveries.read_by(lease, {"loyalty"}), "who publishes has to learn of it"


def test_what_waits_and_what_was_given_up_is_counted_for_each(deliveries: Deliveries) -> None:
    deliveries.add(subscriber())
    lease = deliveries.take("shop", "one", 30)
    assert lease
    assert deliveries.settle(
        lease, Settlement(3, held=[held(1, "g1"), held(2, "g1")], dead=[dead(3, "g2")]), 30
    )
    deliveries.put_dead_letter(dead(3, "g2", "loyalty"))
    assert deliveries.held_counts() == {"shop": 2}
    assert deliveries.dead_letters_open() == {"shop": 1, "loyalty": 1}
    (letter,) = deliveries.dead_letters("shop")
    deliveries.drop([letter.number])
    assert deliveries.dead_letters_open() == {"loyalty": 1}


def test_of_several_who_want_the_lease_at_once_one_has_it(deliveries: Deliveries) -> None:
    deliveries.add(subscriber())
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda holder: deliveries.take("shop", str(holder), 30), range(8)))
    assert len([lease for lease in taken if lease]) == 1


def test_a_subscriber_that_is_paused_has_no_lease(deliveries: Deliveries) -> None:
    deliveries.add(subscriber())
    lease = deliveries.take("shop", "one", 30)
    assert lease
    assert deliveries.settle(lease, Settlement(3, failures=4, failing_since=MONDAY, retry_at=MONDAY), 30)
    deliveries.release(lease)
    deliveries.set_status("shop", SubscriberStatus.PAUSED, "their release")
    assert deliveries.take("shop", "one", 30) is None
    found = deliveries.subscriber("shop")
    assert (found.status, found.reason, found.failures, found.failing_since) == (
        SubscriberStatus.PAUSED,
        "their release",
        4,
        MONDAY,
    )
    deliveries.set_status("shop", SubscriberStatus.ACTIVE, "")
    found = deliveries.subscriber("shop")
    assert (found.failures, found.failing_since, found.retry_at, found.position) == (0, None, None, 3)


def test_what_a_round_came_to_is_kept_as_a_whole(deliveries: Deliveries, clock: StandingClock) -> None:
    deliveries.add(subscriber())
    lease = deliveries.take("shop", "one", 30)
    assert lease
    waits = held(2, "g1", attempts=2, last_at=MONDAY, code="TIMEOUT", detail="10 s")
    assert deliveries.settle(lease, Settlement(4, held=[waits, held(3, "g2"), held(4, "g3")]), 30)
    assert deliveries.held("shop") == (waits, held(3, "g2"), held(4, "g3"))
    again = held(2, "g1", attempts=3, next_at=clock.turn(1))
    outcome = Settlement(
        6,
        delivered=[3],
        held=[again],
        dead=[dead(4, "g3")],
        failures=1,
        failing_since=MONDAY,
        disabled="GONE",
    )
    assert deliveries.settle(lease, outcome, 30)
    assert deliveries.held("shop") == (again,)
    (letter,) = deliveries.dead_letters("shop")
    assert replace(letter, number=0) == dead(4, "g3")
    assert deliveries.dead_letter(letter.number) == letter
    found = deliveries.subscriber("shop")
    assert (found.position, found.failures, found.status, found.reason) == (
        6,
        1,
        SubscriberStatus.DISABLED,
        "GONE",
    )


def test_the_first_of_each_subject_is_due_and_nothing_behind_what_was_given_up(
    store: Store, deliveries: Deliveries, clock: StandingClock
) -> None:
    log(store, clock, ("g1", 1), ("g1", 2), ("g2", 1), ("g3", 1), ("g3", 2))
    assert deliveries.log_end() == 5
    deliveries.add(subscriber())
    lease = deliveries.take("shop", "one", 30)
    assert lease
    later = MONDAY + timedelta(hours=2)
    outcome = Settlement(
        5,
        held=[held(1, "g1"), held(2, "g1"), held(3, "g2", next_at=later), held(5, "g3")],
        dead=[dead(4, "g3")],
    )
    assert deliveries.settle(lease, outcome, 30)
    assert [(one.position, event.event_id) for one, event in deliveries.due("shop", 9)] == [(1, "g1/1")]
    assert deliveries.held_subjects("shop", ["g1", "g2", "g3", "g4"]) == {"g1", "g2", "g3"}
    assert deliveries.held_subjects("other", ["g1"]) == frozenset()
    assert deliveries.next_due("shop") == MONDAY
    clock.turn(2)
    assert [one.position for one, _ in deliveries.due("shop", 9)] == [1, 3]
    assert [one.position for one, _ in deliveries.due("shop", 1)] == [1]


def test_a_dead_letter_is_tried_again_before_what_waits_behind_it_or_lets_it_go_on(
    store: Store, deliveries: Deliveries, clock: StandingClock
) -> None:
    log(store, clock, ("g1", 1), ("g1", 2), ("g2", 1), ("g2", 2))
    deliveries.add(subscriber())
    lease = deliveries.take("shop", "one", 30)
    assert lease
    given_up = [dead(1, "g1"), dead(3, "g2")]
    assert deliveries.settle(lease, Settlement(4, held=[held(2, "g1"), held(4, "g2")], dead=given_up), 30)
    first, second = deliveries.dead_letters()
    assert deliveries.due("shop", 9) == ()
    clock.turn(1)
    assert deliveries.redrive([first.number, first.number, 99]) == 1
    assert deliveries.redrive([first.number]) == 0
    assert deliveries.drop([second.number]) == 1
    assert deliveries.drop([]) == 0
    assert [(one.position, one.attempts) for one, _ in deliveries.due("shop", 9)] == [(4, 1), (1, 0)]
    statuses = [letter.status for letter in deliveries.dead_letters(status=None)]
    assert statuses == [DeadLetterStatus.REDRIVEN, DeadLetterStatus.DROPPED]
    assert deliveries.dead_letters() == ()


def test_a_consumer_may_give_up_an_event_too_and_says_so_once(deliveries: Deliveries) -> None:
    deliveries.put_dead_letter(dead(1, "g1", "loyalty"))
    deliveries.put_dead_letter(replace(dead(1, "g1", "loyalty"), attempts=12, code="PENDING_ACTIVITY"))
    (letter,) = deliveries.dead_letters("loyalty")
    assert (letter.attempts, letter.code) == (12, "PENDING_ACTIVITY")
    assert deliveries.redrive([letter.number]) == 1
    assert [waiting.position for waiting in deliveries.held("loyalty")] == [1]


def test_a_rewound_subscriber_is_told_again_and_whoever_delivers_keeps_nothing(
    deliveries: Deliveries,
) -> None:
    deliveries.add(subscriber(horizon=6))
    lease = deliveries.take("shop", "one", 30)
    assert lease
    outcome = Settlement(9, held=[held(3, "g1"), held(8, "g2")], dead=[dead(2, "g3"), dead(7, "g4")])
    assert deliveries.settle(lease, outcome, 30)
    deliveries.rewind("shop", 4)
    found = deliveries.subscriber("shop")
    assert (found.position, found.horizon, found.generation) == (4, 4, 1)
    assert [waiting.position for waiting in deliveries.held("shop")] == [3]
    assert [letter.position for letter in deliveries.dead_letters("shop")] == [2]
    assert not deliveries.settle(lease, Settlement(12), 30)
    assert deliveries.take("shop", "other", 30)
    deliveries.rewind("shop", 7)
    assert deliveries.subscriber("shop").position == 4


def test_a_subscriber_that_is_removed_leaves_its_dead_letters(deliveries: Deliveries) -> None:
    deliveries.add(subscriber())
    lease = deliveries.take("shop", "one", 30)
    assert lease
    assert deliveries.settle(lease, Settlement(2, held=[held(1, "g1")], dead=[dead(2, "g2")]), 30)
    deliveries.remove("shop")
    assert deliveries.subscribers() == ()
    assert deliveries.held("shop") == ()
    assert len(deliveries.dead_letters("shop")) == 1


def test_a_moment_is_a_position(store: Store, deliveries: Deliveries, clock: StandingClock) -> None:
    log(store, clock, ("g1", 1), ("g2", 1))
    assert deliveries.position_before(MONDAY) == 0
    assert deliveries.position_before(MONDAY + timedelta(seconds=1)) == 2
