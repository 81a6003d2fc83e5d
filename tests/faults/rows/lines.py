"""Lines on which answers get lost, or everything: between the service and its database, Redis, and other systems."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import redis

from identity.bootstrap import SystemClock
from identity.consumers.following import follow
from identity.store import Store, migrate
from tests.consumers.world import MovingClock, following, points
from tests.consumers.world import worked_until_done as until_done
from tests.databases import mortal_postgresql
from tests.delivery.mortals import at_work, relaying
from tests.delivery.world import Log, Reader, until
from tests.faults.grounds import local_address, promises, same, service_at, settings_at
from tests.faults.matrix import Fault
from tests.faults.proxy import Loss, Way, way
from tests.faults.rows.disks import Caller, calling, held_briefly, person
from tests.faults.rows.messages import Followers, agreeing, enrolled, followers
from tests.flows.real_time import contradictions, rows
from tests.jobs.redis import redis_server

__all__ = ["ROWS"]

_LOST = (Loss.REPLY_LOST, Loss.REPLY_CUT, Loss.REFUSED)
_ACTS = 10
_LATER = 200
"""Tries until a caller gives up; each waits for a request under its key by itself."""


@dataclass
class Line:
    """The API, and the line between it and its database."""

    url: str
    way: Way
    caller: Caller
    people: int = 0
    merges: int = 0


@contextmanager
def _line(folder: Path) -> Iterator[Line]:
    with mortal_postgresql() as server, way(*local_address(server.url)) as made:
        migrate(server.url)
        direct, proxied = server.url, _by_way_of(server.url, made)
        with service_at(proxied, folder, patience=3.0) as service, calling(service, folder) as caller:
            assert caller.post("/v1/records", "first", json=person(0)).status_code == 200
            with held_briefly():
                yield Line(direct, made, caller, 1)


def _by_way_of(url: str, made: Way) -> str:
    host, port = local_address(url)
    return url.replace(f"{host}:{port}", f"127.0.0.1:{made.port}")


def _asked(ground: Line, path: str, key: str, body: object) -> tuple[Any, list[str]]:
    """Ask until there is an answer that is not to be asked for again; return it, and answers that should not be."""
    strange = []
    for _ in range(_LATER):
        answer = ground.caller.post(path, key, json=body)
        told = answer.json()
        if answer.status_code == 200:
            return told, strange
        if answer.status_code != 503 and told["code"] != "STILL_RUNNING":
            strange.append(f"{path} was answered {answer.status_code} {told['code']}")
            return None, strange
        time.sleep(0.02)
    return None, [f"{path} was never answered"]


def _replies(ground: Line, random: Random) -> Sequence[str]:
    """Tell of two people and merge them, again and again, while one commit each time meets a fault."""
    found, met = list[str](), ground.way.met
    for _ in range(_ACTS):
        one, other = ground.people, ground.people + 1
        ground.people += 2
        told = [
            _acted(ground, random, "/v1/records", f"r{each}", person(each), found) for each in (one, other)
        ]
        if all(told):
            ids = [each["golden_id"] for each in told]
            wish = {"profile_ids": ids, "reason": "the same"}
            _acted(ground, random, "/v1/merges", f"m{one}", wish, found)
            ground.merges += 1
    ground.way.heal()
    return [*found, *same("faults met", ground.way.met - met, 3 * _ACTS), *_effects(ground)]


def _acted(
    ground: Line, random: Random, path: str, key: str, body: object, found: list[str]
) -> dict[str, Any] | None:
    ground.way.lose(random.choice(_LOST), "COMMIT", after=random.randint(0, 2))
    told, strange = _asked(ground, path, key, body)
    found += strange
    return told


def _effects(ground: Line) -> list[str]:
    """Each record and each merge is there once, with the events of its own and no other."""
    settings = settings_at(ground.url, ground.caller.service.settings.spool.parent)
    return [
        *same("records", rows(ground.url, "select count(*) from source_record"), [(ground.people,)]),
        *same(
            "operations",
            rows(ground.url, "select count(*) from operation where kind = 'merge'"),
            [(ground.merges,)],
        ),
        *same(
            "profiles that were born",
            rows(ground.url, "select count(*) from event where type = 'customer.created'"),
            [(ground.people,)],
        ),
        *same(
            "told of merges",
            rows(ground.url, "select count(*) from event where type = 'customer.merged'"),
            [(2 * ground.merges,)],
        ),
        *same("contradictions", contradictions(ground.url), {}),
        *promises(settings),
    ]


def _silence(ground: Line, random: Random) -> Sequence[str]:
    """The database says nothing for a while; then its connections are found to be gone."""
    from concurrent.futures import ThreadPoolExecutor

    first, ground.people = ground.people, ground.people + 4
    ground.way.lose(Loss.BLACK_HOLE)
    with ThreadPoolExecutor(4) as pool:
        began = time.monotonic()
        asked = [
            pool.submit(_asked, ground, "/v1/records", f"r{each}", person(each))
            for each in range(first, first + 4)
        ]
        time.sleep(random.uniform(0.5, 3))
        ground.way.heal()
        found = [told for each in asked for told in each.result()[1]]
    took = time.monotonic() - began
    return [*found, *([f"it took {took:.0f} s"] if took > 30 else []), *_effects(ground)]


def _platform_replies(ground: Followers, random: Random) -> Sequence[str]:
    here, clock = ground.programme(), MovingClock()
    with ground.databases.one() as (url, _), way(*_at(here.url)) as made:
        store = Store(url)
        master = enrolled(here, store)
        before = points(here)
        with following(store, replace(here, url=f"http://127.0.0.1:{made.port}"), clock) as room:
            until_done(room, clock)
            while made.met < 2 * _ACTS:
                for _ in range(3):  # not each of them is worth a call
                    master.change_something(random)
                master.commit()
                made.lose(random.choice(_LOST), "POST", after=random.randint(0, 1))
                until_done(room, clock)
            made.heal()
            worked = until_done(room, clock)
        told = agreeing(url, here, master, before)
        store.close()
    return [*told, *same("given up", worked.dead, 0)]


def _at(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)


def _platform_silence(ground: Followers, random: Random) -> Sequence[str]:
    here, clock = ground.programme(), MovingClock()
    with ground.databases.one() as (url, _), way(*_at(here.url)) as made:
        store = Store(url)
        master = enrolled(here, store)
        before = points(here)
        with following(store, replace(here, url=f"http://127.0.0.1:{made.port}"), clock) as room:
            until_done(room, clock)
            made.lose(Loss.BLACK_HOLE)
            for _ in range(5):
                master.change_something(random)
                master.commit()
                began = time.monotonic()
                follow(room)
                waited = time.monotonic() - began
                clock.turn(3_600)
            lag = room.consumers.consumer("loyalty").lag
            made.heal()
            worked = until_done(room, clock)
        told = agreeing(url, here, master, before)
        store.close()
    return [
        *told,
        *same("given up", worked.dead, 0),
        *same("the backlog waits", lag > 0, True),
        *([f"a turn took {waited:.0f} s"] if waited > 15 else []),
    ]


def _redis_silence(ground: Followers, random: Random) -> Sequence[str]:
    with (
        ground.databases.one() as (url, _),
        redis_server() as server,
        way(*_at(server.replace("redis://", "http://").removesuffix("/0"))) as made,
        redis.Redis.from_url(server, decode_responses=True) as client,
    ):
        store = Store(url)
        log, reader = Log(store, SystemClock()), Reader(client)
        log.stream()
        log.many(50)
        reader.begin()
        with at_work(relaying, url, f"redis://127.0.0.1:{made.port}/0"):
            until(lambda: reader.read() >= 0 and len(set(reader.had)) == 50)
            made.lose(Loss.BLACK_HOLE)
            log.many(50)
            time.sleep(random.uniform(0.2, 2))
            made.heal()
            log.many(50)
            until(lambda: reader.read() >= 0 and len(set(reader.had)) >= 150, 40)
        wanted = [event.event_id for event in log.deliveries.events(0, 1_000)]
        store.close()
    return same("heard, in order", list(dict.fromkeys(reader.had)), wanted)


ROWS = (
    Fault(
        "reply-lost-postgresql",
        "API, PostgreSQL",
        "the line is cut at a commit: before it arrives, after it was done, or within its answer",
        "503 or 409 STILL_RUNNING until the same key is answered; one effect",
        10,
        _line,
        _replies,
        counts=3 * _ACTS,
    ),
    Fault(
        "partition-postgresql",
        "API, PostgreSQL",
        "what is sent to the database vanishes for seconds, then every connection is gone",
        "503 and the same keys succeed within seconds; one effect",
        10,
        _line,
        _silence,
    ),
    Fault(
        "reply-lost-loyalty",
        "consumer",
        "the line to the platform is cut at a call: before it arrives, after it was done, or within its answer",
        "asked again under the same key; each merge once, no point lost",
        10,
        followers,
        _platform_replies,
        counts=2 * _ACTS,
    ),
    Fault(
        "partition-loyalty",
        "consumer",
        "what is sent to the platform vanishes for hours",
        "calls end in time, the backlog waits, and drains when the line is back",
        5,
        followers,
        _platform_silence,
    ),
    Fault(
        "partition-redis",
        "relay",
        "what is sent to Redis vanishes for seconds",
        "the stream goes on, whole and in order",
        10,
        followers,
        _redis_silence,
    ),
)
