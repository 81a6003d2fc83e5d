"""Units of work of real time beside each other: who waits for whom, and what happens to who was overtaken.

Where one database lets in one writer only, there is no other unit to meet: those tests are PostgreSQL's alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import psycopg
import pytest

from identity.model.cluster import GoldenId
from identity.model.errors import Contention, StoreError
from identity.ports import Change, OnlineWork
from identity.store import Store
from identity.store.dialect import postgresql

from .worlds import StandingClock, arrival, event, key, profile, records

G1 = GoldenId("g1")
_LOCKS = """
    SELECT (classid::bigint << 32) | objid::bigint, granted FROM pg_locks
    WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND database = (
        SELECT oid FROM pg_database WHERE datname = current_database())
"""
_WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND datname = current_database()
"""


@dataclass
class Shop:
    """A store that several units write to at once, and a look at who waits."""

    store: Store
    clock: StandingClock
    pool: ThreadPoolExecutor
    observer: psycopg.Connection[Any]

    def beside(self, act: Callable[[OnlineWork], object]) -> Future[None]:
        """Run `act` in a unit of its own, in another thread."""

        def run() -> None:
            with self.store.online(self.clock) as work:
                act(work)

        return self.pool.submit(run)

    def until_waiting(self, count: int = 1) -> None:
        """Return once so many transactions wait for a lock."""
        until = time.monotonic() + 10
        while self.observer.execute(_WAITING).fetchall() != [(count,)]:
            assert time.monotonic() < until, "nobody waits"
            time.sleep(0.005)

    def claims(self) -> dict[int, set[bool]]:
        """Return the numbers that are claimed, or (False) waited for."""
        found: dict[int, set[bool]] = {}
        for number, granted in self.observer.execute(_LOCKS):
            found.setdefault(number, set()).add(granted)
        return found


def do(work: OnlineWork) -> None:
    """Return when all that the unit was told to do is done: it may be on its way until something is asked."""
    work.generic([0])


@pytest.fixture
def shop(postgresql_url: str, clock: StandingClock) -> Iterator[Shop]:
    store = Store(postgresql_url, patience=10)
    with psycopg.connect(postgresql_url, autocommit=True) as observer, ThreadPoolExecutor(4) as pool:
        yield Shop(store, clock, pool, observer)
    store.close()


def test_who_claims_what_another_holds_waits_for_its_end(shop: Shop) -> None:
    told: list[str] = []

    def second(work: OnlineWork) -> None:
        assert work.claim([-(2**63), 7]) is True
        do(work)
        told.append("second")
        assert work.stored([key("anna")]).keys() == {key("anna")}

    with shop.store.online(shop.clock) as first:
        assert first.claim([7, 2**63 - 1]) is True
        do(first)
        waiting = shop.beside(second)
        shop.until_waiting()
        first.put([arrival("anna")])
        told.append("first")
    waiting.result(timeout=10)
    assert told == ["first", "second"]


def test_strangers_do_not_wait_for_each_other(shop: Shop) -> None:
    with shop.store.online(shop.clock) as first:
        first.claim([1, 2])
        first.put([arrival("anna")])
        do(first)
        shop.beside(lambda work: (work.claim([3, 4]), work.put([arrival("ben")]))).result(timeout=10)
        assert shop.store.views.counts().records == 1
    assert shop.store.views.counts().records == 2


def test_claims_are_taken_in_ascending_order(shop: Shop) -> None:
    with shop.store.online(shop.clock) as first:
        first.claim([5])
        do(first)
        waiting = shop.beside(lambda work: work.claim([9, -1 + 2**62, 5, 1, 3]))
        shop.until_waiting()
        assert shop.claims() == {5: {True, False}, 1: {True}, 3: {True}}
    waiting.result(timeout=10)


def test_what_is_held_already_is_not_claimed_again(shop: Shop) -> None:
    with shop.store.online(shop.clock) as work:
        assert [work.claim(claim) for claim in ([1, 2, 1], [2, 1], [], [2, 3])] == [True, False, False, True]


def test_a_failed_unit_lets_go_of_what_it_claimed(shop: Shop) -> None:
    def claim_and_fail(work: OnlineWork) -> None:
        work.claim([1])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        shop.beside(claim_and_fail).result(timeout=10)
    with shop.store.online(shop.clock) as work:
        work.claim([1])


def test_a_claim_that_is_not_granted_in_time_is_refused(shop: Shop, postgresql_url: str) -> None:
    hasty = Store(postgresql_url, patience=0.1)
    with shop.store.online(shop.clock) as first:
        first.claim([1])
        do(first)
        with pytest.raises(StoreError, match="E405"), hasty.online(shop.clock) as second:
            second.claim([1])
    with hasty.online(shop.clock) as third:
        third.claim([1])
    hasty.close()


def test_who_falls_silent_in_the_middle_lets_go_before_others_give_up(
    shop: Shop, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_SILENT", 300)
    silent, other = Store(postgresql_url, patience=0.9), Store(postgresql_url, patience=10)

    def fall_silent() -> None:
        with silent.online(shop.clock) as first:
            first.claim([1])
            first.put([arrival("silent")])
            assert first.stored([key("silent")])
            with other.online(shop.clock) as second:  # waits for the first, which says nothing meanwhile
                second.claim([1])
                second.put([arrival("other")])
            first.stored([key("silent")])

    with pytest.raises(StoreError, match="E415"):
        fall_silent()
    with other.look() as look:
        assert look.stored([key("silent"), key("other")]).keys() == {key("other")}
    for store in (silent, other):
        store.close()


def test_more_claims_than_the_server_can_keep_are_refused_with_the_remedy(shop: Shop) -> None:
    with (
        pytest.raises(StoreError, match=r"E410.*max_locks_per_transaction"),
        shop.store.online(shop.clock) as work,
    ):
        work.claim(range(2_000_000))


def test_who_waited_does_not_write_before_the_change_it_waited_for(shop: Shop) -> None:
    at = shop.clock.turn(hours=2)

    def later(work: OnlineWork) -> None:
        work.claim([1])
        assert work.at == at + timedelta(microseconds=1)

    with shop.store.online(shop.clock) as first:
        first.claim([1])
        do(first)
        shop.clock.turn(hours=-2)
        waiting = shop.beside(later)
        shop.until_waiting()
        first.put_change(Change("c1", "write", "machine", first.at))
    waiting.result(timeout=10)


def _overtaken(shop: Shop, act: Callable[[OnlineWork], object], then: Callable[[OnlineWork], object]) -> None:
    """Have two units do what both should have claimed: the second waits and is refused."""
    with shop.store.online(shop.clock) as first:
        act(first)
        do(first)
        second = shop.beside(then)
        shop.until_waiting()
    with pytest.raises(Contention, match="E409"):
        second.result(timeout=10)


def test_who_tells_of_a_version_that_another_has_told_of_is_overtaken(shop: Shop) -> None:
    def tell(work: OnlineWork) -> None:
        work.append_events([event("g1", 1)])

    _overtaken(shop, tell, tell)
    shop.beside(lambda work: work.append_events([event("g1", 2)])).result(timeout=10)
    assert [told.version for told in shop.store.views.events()] == [1, 2]


def test_who_moves_a_record_that_another_has_moved_is_overtaken(shop: Shop) -> None:
    def to(golden_id: str) -> Callable[[OnlineWork], None]:
        return lambda work: work.move({key("anna"): GoldenId(golden_id)}, "c1")

    _overtaken(shop, to("g1"), to("g2"))
    assert shop.store.views.golden_id_of(key("anna")) == "g1"
    _overtaken(shop, to("g2"), to("g3"))
    assert shop.store.views.golden_id_of(key("anna")) == "g2"
    shop.beside(to("g3")).result(timeout=10)
    assert shop.store.views.golden_id_of(key("anna")) == "g3"
    assert shop.store.views.counts().memberships == 1


def test_of_two_who_wait_for_each_other_one_is_refused_and_may_try_again(shop: Shop) -> None:
    both_hold_one = Barrier(2)

    def claim_in_turn(first: int, second: int, work: OnlineWork) -> None:
        work.claim([first])
        do(work)
        both_hold_one.wait(timeout=10)
        work.claim([second])
        work.put([arrival(f"r{first}")])

    orders = [(1, 2), (2, 1)]
    units = [shop.beside(partial(claim_in_turn, *order)) for order in orders]
    refused = [order for order, unit in zip(orders, units, strict=True) if unit.exception(timeout=20)]
    assert [type(unit.exception()) for unit in units].count(Contention) == len(refused) == 1
    both_hold_one = Barrier(1)
    shop.beside(partial(claim_in_turn, *refused[0])).result(timeout=10)
    assert shop.store.views.counts().records == 2


def test_events_become_visible_in_the_order_of_their_positions(shop: Shop) -> None:
    with shop.store.online(shop.clock) as first:
        first.append_events([event("g1", 1)])
        do(first)
        waiting = shop.beside(lambda work: work.append_events([event("g2", 1)]))
        shop.until_waiting()
        assert shop.store.views.events() == ()
        first.append_events([event("g3", 1)])
    waiting.result(timeout=10)
    assert [told.subject for told in shop.store.views.events()] == ["g1", "g3", "g2"]


def test_a_profile_is_what_the_last_one_made_of_it(shop: Shop) -> None:
    with shop.store.online(shop.clock) as first:
        first.put_profiles([profile("g1", fingerprint="first")])
        do(first)
        waiting = shop.beside(lambda work: work.put_profiles([profile("g1", fingerprint="second")]))
        shop.until_waiting()
    waiting.result(timeout=10)
    with shop.store.online(shop.clock) as work:
        assert work.profiles([G1])[G1].fingerprint == "second"


def test_a_unit_of_any_size_and_units_of_real_time_exclude_each_other(url: str, clock: StandingClock) -> None:
    store, hasty = Store(url), Store(url, patience=0.1)
    with store.begin(clock) as bulk:
        bulk.put_records(records("anna"))
        with pytest.raises(StoreError, match="E405"), hasty.online(clock):
            pass
    with store.online(clock) as work:
        work.put([arrival("ben")])
        with pytest.raises(StoreError, match="E405"), hasty.begin(clock):
            pass
    assert store.views.counts().records == 2
    store.close()
    hasty.close()


def test_a_claim_means_nothing_where_there_is_one_writer_only(sqlite_url: str, clock: StandingClock) -> None:
    store = Store(sqlite_url)
    with store.online(clock) as work:
        assert work.claim([1, 2]) is False
    store.close()


@pytest.mark.parametrize("units", [24])
def test_units_that_claim_the_same_add_up(url: str, clock: StandingClock, units: int) -> None:
    store = Store(url)

    def count_up(_: int) -> None:
        with store.online(clock) as work:
            work.claim([1])
            known = work.profiles([G1])
            version = known[G1].version + 1 if known else 1
            work.put_profiles([profile("g1", version=version)])
            work.append_events([event("g1", version)])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_up, range(units)))
    assert [told.version for told in store.views.events()] == list(range(1, units + 1))
    store.close()
