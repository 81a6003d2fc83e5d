"""A consumer in a process of its own that is killed again and again, while the master goes on changing its mind."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass
from random import Random
from threading import Event

from identity.consumers.following import follow_until
from identity.store import Store
from tests.flows.real_time import rows
from tests.reference_loyalty.serving import Shop

from .world import Master, MovingClock, Scrambled, following, identical, merges, points, worked_until_done

__all__ = ["Plan", "agree", "kill_again_and_again"]

LEASE = 0.3
FAULTS = ("connection_cut", "timeout_after_commit", "wrong_json", "server_error", "too_many_requests")


@dataclass(frozen=True)
class Plan:
    """So many members, so many acts of the master, this many at a time, how long a consumer lives at most, and how
    often the platform fails in that time."""

    members: int
    acts: int
    at_once: int
    longest_life: float
    faulty: float = 0.3


def follow_scrambled(url: str, shop: Shop, seed: int) -> None:
    """Follow for ever: 30 % of the events come twice, and fifty may overtake one."""
    store = Store(url)
    clock = MovingClock()
    feed = Scrambled(store.consumers(clock), Random(seed))
    with following(store, shop, clock, feed, holder=f"process {seed}", seconds=LEASE, at_once=7) as room:
        follow_until(room, Event())


def kill_again_and_again(url: str, shop: Shop, plan: Plan, seed: int) -> Master:
    """Change the master and kill the consumer, in turns; return the master when the last change was followed."""
    random = Random(seed)
    store = Store(url)
    master = Master(store)
    numbers = [f"{shop.program}-m{at:03}" for at in range(plan.members)]
    for number in numbers:
        shop.enrol(number, random.randint(1, 50))
    master.enrol(*numbers)
    master.commit()
    before, told, lives = points(shop), 0, 0
    while told < plan.acts:
        for _ in range(plan.at_once):
            master.change_something(random)
        told += plan.at_once
        if random.random() < plan.faulty:
            shop.fault(random.choice(FAULTS), seconds=2, retry_after=0)
        master.commit()
        lives += 1
        _live(url, shop, seed + lives, random.uniform(0, plan.longest_life))
    shop.no_faults()
    clock = MovingClock()
    clock.turn(2 * LEASE)
    feed = Scrambled(store.consumers(clock), random)
    with following(store, shop, clock, feed) as room:
        worked = worked_until_done(room, clock)
    assert worked.dead == 0
    agree(url, store, shop, master)
    assert points(shop) == before
    store.close()
    return master


def _live(url: str, shop: Shop, seed: int, seconds: float) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.consumers.killed"])
    bare = Shop(shop.url, None, shop.database, shop.program, None)  # type: ignore[arg-type]
    child = context.Process(target=follow_scrambled, args=(url, bare, seed))
    child.start()
    _await(url, f"process {seed}")
    time.sleep(seconds)
    child.kill()
    child.join()
    child.close()


def _await(url: str, holder: str) -> None:
    """Wait until a process has the lease: who had it before was killed, and it has to run out."""
    deadline = time.monotonic() + 30
    while rows(url, "select holder from consumer") != [(holder,)]:
        assert time.monotonic() < deadline, "nobody follows"
        time.sleep(0.02)


def agree(url: str, store: Store, shop: Shop, master: Master) -> None:
    """The platform holds what the master says, and did what is recorded: nothing else, and nothing twice."""
    assert identical(shop, master.homes) == master.groups()
    recorded = dict(rows(url, "select merge_id, status from loyalty_merge where merge_id <> ''"))
    assert {merge_id: status.upper() for merge_id, status in recorded.items()} == merges(shop)
    assert rows(url, "select count(*) from loyalty_merge where status in ('asked', 'shortfall')") == [(0,)]
    clock = MovingClock()
    clock.turn(10)
    with following(store, shop, clock) as room:
        assert room.consumers.consumer("loyalty").lag == 0
        room.consumers.rewind("loyalty")
        worked = worked_until_done(room, clock)
    assert worked.acted == 0, "a replay into an empty inbox does something"
    assert dict(rows(url, "select merge_id, status from loyalty_merge where merge_id <> ''")) == recorded
    assert len(merges(shop)) == len(recorded)
