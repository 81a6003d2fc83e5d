"""A consumer and a relay in processes of their own that are killed again and again, while the master goes on changing
its mind, the platform fails and Redis forgets."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from threading import Event

import redis

from identity.consumers.feeds import LogFeed
from identity.consumers.following import follow_until
from identity.consumers.stream import StreamFeed
from identity.delivery.redis_stream import STREAM
from identity.model.following import Followed
from identity.ports.consumers import Consumers, Follower, Hold
from identity.ports.delivery import LoggedEvent
from identity.store import Store
from tests.delivery.mortals import at_work, relaying
from tests.delivery.world import Log
from tests.flows.real_time import rows
from tests.reference_loyalty.serving import Shop

from .world import Master, MovingClock, Scrambled, following, identical, merges, points, worked_until_done

__all__ = ["LEASE", "Plan", "agree", "in_a_process", "kill_again_and_again"]

LEASE = 0.3
FAULTS = ("connection_cut", "timeout_after_commit", "wrong_json", "server_error", "too_many_requests")


@dataclass(frozen=True)
class Plan:
    """So many members, so many events at least, how many acts of the master come at a time, how long a consumer lives
    at most, how often the platform fails in that time, and how often Redis loses its memory. `redis_url` "": the log
    is read."""

    members: int
    events: int
    at_once: int
    longest_life: float
    faulty: float = 0.3
    forgetful: float = 0.3
    redis_url: str = ""


def follow_scrambled(url: str, shop: Shop, redis_url: str, diary: Path, seed: int) -> None:
    """Follow for ever: 30 % of the events come twice, and fifty may overtake one. What is followed is written down."""
    store = Store(url)
    clock = MovingClock()
    feed = scrambled(store.consumers(clock), redis_url, seed)
    with following(store, shop, clock, feed, holder=f"process {seed}", seconds=LEASE, at_once=7) as room:
        follow_until(replace(room, follower=Written(room.follower, diary)), Event())


def scrambled(log: Consumers, redis_url: str, seed: int) -> Scrambled:
    if redis_url:
        return Scrambled(StreamFeed(redis_url, STREAM, "loyalty", "one", log), Random(seed), ahead=False)
    return Scrambled(LogFeed(log), Random(seed))


class Written:
    """A follower, and a line in a file for each event it is told, before it is."""

    def __init__(self, follower: Follower, diary: Path) -> None:
        self.name, self.types = follower.name, follower.types
        self._follower, self._diary = follower, diary

    def follow(self, event: LoggedEvent, hold: Hold, *, look: bool = False) -> Followed:
        with self._diary.open("a", encoding="utf-8") as lines:
            lines.write(f"{event.subject} {event.version}\n")
        return self._follower.follow(event, hold, look=look)


def kill_again_and_again(url: str, shop: Shop, plan: Plan, folder: Path, seed: int) -> Master:
    """Change the master and kill consumer and relay, in turns; return the master when the last change was followed."""
    random, store, diary = Random(seed), Store(url), folder / "diary"
    diary.touch()
    master = Master(store)
    numbers = [f"{shop.program}-m{at:03}" for at in range(plan.members)]
    for number in numbers:
        shop.enrol(number, random.randint(1, 50))
    master.enrol(*numbers)
    master.commit()
    if plan.redis_url:
        Log(store, MovingClock()).stream()
    before, lives = points(shop), 0
    while master.told < plan.events:
        for _ in range(plan.at_once):
            master.change_something(random)
        if random.random() < plan.faulty:
            shop.fault(random.choice(FAULTS), seconds=2, retry_after=0)
        master.commit()
        lives += 1
        _live(url, shop, plan, diary, seed + lives, random)
    shop.no_faults()
    clock = MovingClock()
    clock.turn(2 * LEASE)
    feed = scrambled(store.consumers(clock), plan.redis_url, seed)
    try:
        with following(store, shop, clock, feed) as room:
            worked = worked_until_done(replace(room, follower=Written(room.follower, diary)), clock)
    finally:
        feed.close()
    assert worked.dead == 0
    assert out_of_order(diary) == []
    agree(url, store, shop, master)
    assert points(shop) == before
    store.close()
    return master


def _live(url: str, shop: Shop, plan: Plan, diary: Path, seed: int, random: Random) -> None:
    with _relay(url, plan), in_a_process(url, shop, diary, seed, plan.redis_url):
        if plan.redis_url and random.random() < plan.forgetful:
            with redis.Redis.from_url(plan.redis_url) as client:
                client.flushall()
        time.sleep(random.uniform(0, plan.longest_life))


def _relay(url: str, plan: Plan) -> AbstractContextManager[object]:
    return at_work(relaying, url, plan.redis_url) if plan.redis_url else nullcontext()


@contextmanager
def in_a_process(url: str, shop: Shop, diary: Path, seed: int, redis_url: str = "") -> Iterator[BaseProcess]:
    """Follow in a process of its own, which is killed at the end. It has the lease when the block begins."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.consumers.killed"])
    bare = Shop(shop.url, None, shop.database, shop.program, None)  # type: ignore[arg-type]
    child = context.Process(target=follow_scrambled, args=(url, bare, redis_url, diary, seed))
    child.start()
    try:
        _await(url, f"process {seed}")
        yield child
    finally:
        child.kill()
        child.join()
        child.close()


def out_of_order(diary: Path) -> list[tuple[str, list[int]]]:
    """Return the profiles whose events were not first followed in their order."""
    heard: dict[str, dict[int, None]] = {}
    for line in diary.read_text(encoding="utf-8").splitlines():
        subject, version = line.split()
        heard.setdefault(subject, {})[int(version)] = None
    return [(subject, [*found]) for subject, found in heard.items() if [*found] != sorted(found)]


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
