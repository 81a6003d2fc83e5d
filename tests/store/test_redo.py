"""What waits to be decided again, on every database."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from identity.ports import Redo, RedoKind
from identity.store import RedoCount, Store

from .worlds import MONDAY, StandingClock

BLOCK, RECORD = RedoKind.BLOCK, RedoKind.RECORD


def test_items_are_taken_once_oldest_first(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        work.put_redo([Redo(RECORD, 2**63 - 1, "late"), Redo(BLOCK, -(2**63), "grown")])
    clock.turn(hours=1)
    with store.online(clock) as work:
        work.put_redo([Redo(BLOCK, -7, "later"), Redo(RECORD, -7)])
    with store.online(clock) as work:
        assert work.take_redo(1) == [Redo(BLOCK, -(2**63), "grown")]
        assert work.take_redo(2) == [Redo(RECORD, 2**63 - 1, "late"), Redo(BLOCK, -7, "later")]
        assert work.take_redo(9) == [Redo(RECORD, -7)]
        assert work.take_redo(9) == []


def test_what_is_queued_already_stays_where_it_is(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        work.put_redo([Redo(RECORD, 1, "first")])
    clock.turn(hours=1)
    with store.online(clock) as work:
        work.put_redo([Redo(RECORD, 1, "second"), Redo(RECORD, 2, "second")])
    assert [(item.subject, item.reason, item.queued_at) for item in store.views.redo(1)] == [
        (1, "first", MONDAY)
    ]


def test_what_a_failed_unit_took_waits_again(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        work.put_redo([Redo(RECORD, 1)])

    def take_and_fail() -> None:
        with store.online(clock) as work:
            assert work.take_redo(9) == [Redo(RECORD, 1)]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        take_and_fail()
    with store.online(clock) as work:
        assert work.take_redo(9) == [Redo(RECORD, 1)]


def test_what_waits_is_counted_by_kind_and_reason(store: Store, clock: StandingClock) -> None:
    assert store.views.redo_waiting() == ()
    with store.online(clock) as work:
        work.put_redo(
            [Redo(RECORD, 1, "grown"), Redo(RECORD, 2, "grown"), Redo(BLOCK, 1, "grown"), Redo(RECORD, 3)]
        )
    assert store.views.redo_waiting() == (
        RedoCount(BLOCK, "grown", 1),
        RedoCount(RECORD, "", 1),
        RedoCount(RECORD, "grown", 2),
    )
    assert len(store.views.redo()) == 4


def test_of_many_who_take_at_once_none_gets_what_another_has(url: str, clock: StandingClock) -> None:
    store = Store(url)
    with store.online(clock) as work:
        work.put_redo([Redo(RECORD, number) for number in range(200)])

    def take_until_nothing_is_left(_: int) -> list[Redo]:
        taken: list[Redo] = []
        while True:
            with store.online(clock) as work:
                some = work.take_redo(7)
            if not some:
                return taken
            taken += some

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(take_until_nothing_is_left, range(4)))
    store.close()
    counted = Counter(item.subject for share in shares for item in share)
    assert counted == Counter(range(200))


def test_items_that_another_unit_has_taken_are_passed_over(postgresql_url: str, clock: StandingClock) -> None:
    store = Store(postgresql_url, patience=5)
    with store.online(clock) as work:
        work.put_redo([Redo(RECORD, number) for number in range(5)])
    with store.online(clock) as one, store.online(clock) as other:
        assert [item.subject for item in one.take_redo(2)] == [0, 1]
        assert [item.subject for item in other.take_redo(2)] == [2, 3]
        assert [item.subject for item in one.take_redo(9)] == [4]
    store.close()
