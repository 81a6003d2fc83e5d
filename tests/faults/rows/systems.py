"""Other systems that answer wrongly, late or not at all, and receivers of webhooks that are gone or moved."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from random import Random

import pytest

from erp import ErpMissing, installed
from identity.bootstrap import SystemClock
from identity.consumers.following import follow
from identity.delivery.schedule import WAITS
from identity.model.delivery import SubscriberStatus
from identity.store import Store
from tests.consumers.test_fault_matrix import HOUR, MATRIX, Row, change_a_lot, platform_of_its_own
from tests.consumers.world import MovingClock, following, points
from tests.consumers.world import worked_until_done as until_done
from tests.delivery.receivers import Answer, receiver
from tests.delivery.world import Log, courier_on, told
from tests.faults.grounds import same
from tests.faults.matrix import Fault, NotRun, nowhere
from tests.faults.rows.messages import Followers, agreeing, enrolled, followers
from tests.store.worlds import StandingClock

__all__ = ["ROWS"]

_PROFILES = 10


def _answers(row: Row, ground: Followers, random: Random) -> Sequence[str]:
    """Change a lot while the platform misbehaves, for so many calls or so many hours."""
    here, clock = ground.programme(), MovingClock()
    with ground.databases.one() as (url, _):
        store = Store(url)
        master = enrolled(here, store)
        before = points(here)
        with following(store, here, clock) as room:
            follow(room)
            here.fault(row.fault, calls=row.calls, path=row.path, retry_after=row.retry_after, seconds=2)
            change_a_lot(master, seed=random.getrandbits(30))
            follow(room)
            for _ in range(int(row.hours * HOUR / 1_800)):
                clock.turn(1_800)
                follow(room)
            behind = room.consumers.consumer("loyalty").lag > 0 or not row.hours
            here.no_faults()
            until_done(room, clock)
            letters = room.consumers.dead_letters("loyalty", status=None)
        found = agreeing(url, here, master, before)
        store.close()
    return [*found, *same("given up", len(letters), 0), *same("what cannot be done waits", behind, True)]


def _refusal(ground: Followers, random: Random) -> Sequence[str]:
    """One merge is refused for good: it alone is given up, and succeeds when it is redriven."""
    here, clock = ground.programme(), MovingClock()
    with ground.databases.one() as (url, _):
        store = Store(url)
        master = enrolled(here, store)
        before = points(here)
        with following(store, here, clock) as room:
            follow(room)
            here.fault("refusal", path="member-merges", calls=1, word="CUSTOMER_HAS_GIFT_CARDS")
            change_a_lot(master, seed=random.getrandbits(30))
            until_done(room, clock)
            letters = room.consumers.dead_letters("loyalty")
            room.consumers.redrive([letter.number for letter in letters])
            until_done(room, clock)
        found = agreeing(url, here, master, before)
        store.close()
    codes = [letter.code for letter in letters]
    return [*found, *same("given up", codes, ["CUSTOMER_HAS_GIFT_CARDS"])]


def _stopped(ground: Followers, random: Random) -> Sequence[str]:
    """SIGSTOP of the platform: connections are taken, and nobody answers, for hours."""
    clock = MovingClock()
    with ExitStack() as left:
        url, folder = left.enter_context(ground.databases.one())
        here, process = left.enter_context(platform_of_its_own(folder))
        store = Store(url)
        left.callback(store.close)
        master = enrolled(here, store)
        before = points(here)
        room = left.enter_context(following(store, here, clock))
        follow(room)
        process.send_signal(signal.SIGSTOP)
        change_a_lot(master, seed=random.getrandbits(30))
        for _ in range(5):
            worked = follow(room)
            clock.turn(HOUR)
        behind = room.consumers.consumer("loyalty").lag
        process.send_signal(signal.SIGCONT)
        until_done(room, clock)
        found = agreeing(url, here, master, before)
    return [*found, *same("given up", worked.dead, 0), *same("the backlog waits", behind > 0, True)]


def _gone(ground: Followers, random: Random) -> Sequence[str]:
    """410: nobody is told any more until a person says so; then everything is told, in order."""
    with ground.databases.one() as (url, _), receiver() as shop:
        store = Store(url)
        log = Log(store, SystemClock())
        log.subscribe(address=shop.url)
        log.many(random.randint(20, 60), _PROFILES)
        shop.answers = lambda _: Answer(410)
        told(courier_on(log, shop.url))
        found = log.deliveries.subscriber("shop")
        tried = len(shop.heard)
        why = told(courier_on(log, shop.url)).why
        shop.answers = lambda _: Answer()
        log.deliveries.set_status("shop", SubscriberStatus.ACTIVE, "")
        told(courier_on(log, shop.url))
        left = _unheard(log, shop.by_subject())
        store.close()
    return [
        *same("its status", (found.status, found.reason), (SubscriberStatus.DISABLED, "HTTP_410")),
        *same("told meanwhile", (why, len(shop.heard) - tried), ("inactive", len(shop.taken))),
        *same("not heard, or out of order", left, []),
    ]


def _moved(ground: Followers, random: Random) -> Sequence[str]:
    """3xx: nothing is sent elsewhere; the events fail, and are told again later."""
    clock = StandingClock()
    with ground.databases.one() as (url, _), receiver() as shop, receiver() as elsewhere:
        store = Store(url)
        log = Log(store, clock)
        log.subscribe(address=shop.url)
        log.many(40, _PROFILES)
        status = random.choice((301, 302, 303, 307, 308))
        moved = {f"g{at}" for at in random.sample(range(_PROFILES), 3)}
        shop.answers = lambda heard: (
            Answer(status, {"Location": elsewhere.url}) if heard.event["subject"] in moved else Answer()
        )
        told(courier_on(log, shop.url))
        waiting = {one.subject for one in log.deliveries.held("shop")}
        shop.answers = lambda _: Answer()
        clock.moment += WAITS[0]
        told(courier_on(log, shop.url))
        left = _unheard(log, shop.by_subject())
        store.close()
    return [
        *same("sent elsewhere", elsewhere.connections, 0),
        *same("profiles that wait", waiting, moved),
        *same("not heard, or out of order", left, []),
    ]


def _unheard(log: Log, heard: dict[str, list[int]]) -> list[str]:
    wanted: dict[str, list[int]] = {}
    for event in log.deliveries.events(0, 10_000):
        wanted.setdefault(event.subject, []).append(event.version)
    return [subject for subject, versions in wanted.items() if heard.get(subject) != versions]


def _erp(_: object, __: Random) -> Sequence[str]:
    """Carry out the tests of the ERP's faults, fourteen of them, on a real Tryton."""
    try:
        installed()
    except ErpMissing as why:
        raise NotRun(f"there is no ERP here: {why} `make demo-erp` installs one.") from None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDENTITY_TEST_ERP", "1")
        ended = pytest.main(["-q", "--no-header", "-p", "no:terminal", "tests/erp/test_following_faults.py"])
    return same("how the tests of the ERP's faults end", int(ended), 0)


def _row(name: str, injected: str, row: str, times: int = 3) -> Fault:
    how: Callable[[Followers, Random], Sequence[str]] = partial(_answers, MATRIX[row])
    return Fault(
        name,
        "loyalty platform",
        injected,
        "asked again later under the same key; merges of the master go on; nothing given up, nothing twice",
        times,
        followers,
        how,
        counts=1 if MATRIX[row].hours else MATRIX[row].calls,
    )


ROWS = (
    _row("loyalty-429", "429 with Retry-After, for calls", "429 with Retry-After"),
    _row("loyalty-429-for-a-day", "429 for a day", "429 for a day", 2),
    _row("loyalty-500-reads", "500 for reads", "500 for reads"),
    _row("loyalty-500-merges", "500 for merges", "500 for merges"),
    _row("loyalty-500-for-hours", "500 for twelve hours", "500 for hours", 2),
    _row("loyalty-timeout", "no answer though it was done", "no answer though it was done"),
    _row("loyalty-json-reads", "half an answer to reads", "wrong JSON for reads"),
    _row("loyalty-json-merges", "half an answer to what was done", "wrong JSON for merges"),
    _row("loyalty-200-with-error", "an error that calls itself 200", "an error that calls itself 200"),
    _row("loyalty-cut", "the connection is cut after it was done", "the connection is cut"),
    Fault(
        "loyalty-refused",
        "loyalty platform",
        "a merge is refused for good",
        "a dead letter, it alone; redriven, it succeeds",
        3,
        followers,
        _refusal,
    ),
    Fault(
        "loyalty-stopped",
        "loyalty platform",
        "SIGSTOP for hours",
        "calls end in time, the backlog waits, and drains",
        3,
        followers,
        _stopped,
    ),
    Fault(
        "webhook-410",
        "webhooks",
        "a receiver says that it is gone",
        "disabled at once; enabled by a person it hears everything, in order",
        20,
        followers,
        _gone,
    ),
    Fault(
        "webhook-3xx",
        "webhooks",
        "a receiver leads elsewhere, for some profiles",
        "nothing is sent there; these profiles wait, and are told later, in order",
        20,
        followers,
        _moved,
    ),
    Fault(
        "erp-answers",
        "ERP",
        "cuts, lost answers, 429, 500, 502, 503, 403, 401, wrong JSON, errors in 200, on a real Tryton",
        "nothing lost; only a lasting refusal is given up",
        1,
        nowhere,
        _erp,
        counts=14,
    ),
)
