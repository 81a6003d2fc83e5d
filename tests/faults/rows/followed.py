"""Rows about consumers: a loyalty platform that fails, events that come twice or late, clocks, poison."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random

from identity.bootstrap import SystemClock
from identity.consumers.feeds import LogFeed
from identity.consumers.following import Following, follow
from tests.consumers.killed import LEASE, Plan, agree, in_a_process, kill_again_and_again
from tests.consumers.test_fault_matrix import HOUR, MATRIX, MEMBERS, change_a_lot, platform_of_its_own
from tests.consumers.test_fault_matrix import Row as Failing
from tests.consumers.world import (
    Master,
    MovingClock,
    Scrambled,
    following,
    identical,
    merges,
    points,
    worked_until_done,
)
from tests.delivery.world import until
from tests.faults.fault import Fault
from tests.faults.ground import Scene
from tests.reference_loyalty.serving import Shop

__all__ = ["FAULTS", "Story", "begun", "differences"]


@dataclass(frozen=True)
class Story:
    """Members whom a master joins and parts, the platform that follows, and its points before."""

    master: Master
    shop: Shop
    room: Following
    clock: MovingClock
    points: int


def begun(
    scene: Scene, clock: MovingClock | None = None, *, seconds: float = 60, shop: Shop | None = None
) -> Story:
    clock, shop = clock or MovingClock(), shop or scene.ground.programme()
    store = scene.store(scene.database(verify=False))
    master, numbers = Master(store), [f"{shop.program}-{at}" for at in range(MEMBERS)]
    for at, number in enumerate(numbers):
        shop.enrol(number, 10 + at)
    master.enrol(*numbers)
    master.commit()
    room = scene.stack.enter_context(following(store, shop, clock, seconds=seconds))
    follow(room)
    return Story(master, shop, room, clock, points(shop))


def differences(story: Story, *, dead: int = 0) -> list[str]:
    """Return in what the platform is not where it had been without the fault: members, points, merges, backlog."""
    consumers, shop = story.room.consumers, story.shop
    active = {merge.merge_id for merge in story.master.store.loyalty_book.active()}
    done = {merge_id for merge_id, status in merges(shop).items() if status == "DONE"}
    checks = {
        "the platform joins other members than the master": identical(shop, story.master.homes)
        == story.master.groups(),
        "points were lost or made": points(shop) == story.points,
        "merges were done that nobody knows of, or are known and were not": active == done,
        "events are still waiting": consumers.consumer("loyalty").lag == 0 and not consumers.held("loyalty"),
        "another number of dead letters": len(consumers.dead_letters("loyalty")) == dead,
    }
    return [text for text, holds in checks.items() if not holds]


def failing_platform(row: Failing, scene: Scene) -> Sequence[str]:
    story = begun(scene)
    shop = story.shop
    shop.fault(row.fault, calls=row.calls, path=row.path, retry_after=row.retry_after, seconds=2)
    change_a_lot(story.master, seed=scene.number)
    follow(story.room)
    for _ in range(int(row.hours * HOUR / 1_800)):
        story.clock.turn(1_800)
        follow(story.room)
    if row.hours:
        shop.no_faults()
    worked_until_done(story.room, story.clock)
    return differences(story)


def platform_sleeps(scene: Scene) -> Sequence[str]:
    """SIGSTOP for hours: connections are taken, and nobody answers. Calls end in time, and the backlog waits."""
    shop, process = scene.stack.enter_context(platform_of_its_own(scene.folder))
    story = begun(scene, shop=shop)
    process.send_signal(signal.SIGSTOP)
    change_a_lot(story.master, seed=scene.number)
    took = list[float]()
    for _ in range(3):
        first = time.monotonic()
        follow(story.room)
        took.append(time.monotonic() - first)
        story.clock.turn(HOUR)
    waits = story.room.consumers.consumer("loyalty").lag > 0
    process.send_signal(signal.SIGCONT)
    worked_until_done(story.room, story.clock)
    found = [] if waits else ["nothing waited: the row proves nothing"]
    found += [f"it waited {max(took):.0f} s for a platform that says nothing"] if max(took) > 30 else []
    return [*found, *differences(story)]


def poison(scene: Scene) -> Sequence[str]:
    """One merge is refused for good: it alone waits for a person, whatever else follows is done, and a redrive ends
    it."""
    story = begun(scene)
    story.shop.fault("refusal", path="member-merges", calls=1, word="CUSTOMER_HAS_GIFT_CARDS")
    change_a_lot(story.master, seed=4 + scene.number)
    worked_until_done(story.room, story.clock)
    consumers = story.room.consumers
    letters = consumers.dead_letters("loyalty")
    if len(letters) != 1:
        return [f"{len(letters)} dead letters instead of one"]
    others = {held.subject for held in consumers.held("loyalty")} - {letters[0].subject}
    found = [f"events of others wait too: {sorted(others)}"] if others else []
    consumers.redrive([letters[0].number])
    worked_until_done(story.room, story.clock)
    return [*found, *differences(story)]


def scrambled(scene: Scene) -> Sequence[str]:
    """Three of ten events come twice, and any may be overtaken by fifty."""
    story = begun(scene)
    feed = Scrambled(LogFeed(story.room.consumers), Random(scene.random.random()))
    for seed in range(3):
        change_a_lot(story.master, seed=scene.number * 3 + seed)
        with following(story.master.store, story.shop, story.clock, feed, holder="tests") as room:
            worked_until_done(room, story.clock)
    story.room.consumers.rewind("loyalty")
    acted = worked_until_done(story.room, story.clock).acted
    return [*differences(story), *([f"a replay did {acted} things anew"] if acted else [])]


def clock_turns(hours: int, scene: Scene) -> Sequence[str]:
    """The clock jumps in the middle of changes, and half of the time back again."""
    clock = MovingClock()
    story = begun(scene, clock)
    for seed in range(3):
        change_a_lot(story.master, seed=scene.number * 3 + seed)
        follow(story.room)
        clock.ahead = timedelta(hours=hours) if seed % 2 == 0 else timedelta(0)
    if hours < 0:
        clock.ahead = timedelta(hours=hours)
    worked_until_done(story.room, clock)
    return differences(story)


def killed(scene: Scene, *, stream: bool) -> Sequence[str]:
    shop = scene.ground.programme()
    if stream:
        scene.redis()
    plan = Plan(24, 110, 12, 0.4, redis_url=scene.ground.redis_url if stream else "")
    kill_again_and_again(scene.database(verify=False), shop, plan, scene.folder, 7 + scene.number)
    return []


def consumer_sleeps(scene: Scene) -> Sequence[str]:
    """SIGSTOP past its lease: another one goes on; what the first does when it wakes is neither kept nor done twice.

    On a server, for the reason that `relay_sleeps` has.
    """
    url, shop, random = scene.database("postgresql", verify=False), scene.ground.programme(), scene.random
    master, diary = Master(scene.store(url)), scene.folder / "diary"
    numbers = [f"{shop.program}-m{at:03}" for at in range(24)]
    for number in numbers:
        shop.enrol(number, random.randint(1, 50))
    master.enrol(*numbers)
    master.commit()
    before = points(shop)

    def changed() -> None:
        for _ in range(20):
            master.change_something(random)
        master.commit()

    changed()
    with in_a_process(url, shop, diary, 1) as sleeper:
        assert sleeper.pid
        time.sleep(random.uniform(0, 0.3))
        os.kill(sleeper.pid, signal.SIGSTOP)
        try:
            with in_a_process(url, shop, diary, 2):
                changed()
                os.kill(sleeper.pid, signal.SIGCONT)
                changed()
                until(lambda: not master.store.consumers(SystemClock()).consumer("loyalty").lag)
        finally:
            os.kill(sleeper.pid, signal.SIGCONT)
    time.sleep(2 * LEASE)
    agree(url, master.store, shop, master)
    return [] if points(shop) == before else ["points were lost or made"]


_SAME = "the same members, points and merges as without it; nothing is given up"
_PLATFORM = [
    Fault(f"loyalty: {name}", "loyalty platform", _SAME, 6, partial(failing_platform, row))
    for name, row in MATRIX.items()
]
FAULTS = (
    *_PLATFORM,
    Fault(
        "poison message", "consumer", "one dead letter; only its profile waits; a redrive ends it", 10, poison
    ),
    Fault("events repeated and reordered", "consumer", _SAME + "; a replay does nothing", 10, scrambled),
    Fault(
        "SIGSTOP consumer past its lease",
        "consumer",
        _SAME + "; nothing of the sleeper's",
        10,
        consumer_sleeps,
    ),
    Fault("SIGSTOP platform for hours", "loyalty platform", _SAME, 3, platform_sleeps),
    Fault("clock an hour ahead", "clock", _SAME, 6, partial(clock_turns, 1)),
    Fault("clock an hour behind", "clock", _SAME, 6, partial(clock_turns, -1)),
    Fault(
        "kill -9 consumer, log", "consumer", "each effect once, in order", 4, partial(killed, stream=False)
    ),
    Fault(
        "kill -9 consumer and relay, FLUSHALL",
        "consumer, relay, Redis",
        "each effect once, in order; the stream is made anew from the log",
        4,
        partial(killed, stream=True),
    ),
)
