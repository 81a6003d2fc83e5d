"""SIGSTOP past a lease: another one takes over, and whoever comes back keeps nothing of what it was at."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import orjson
import redis

from identity.bootstrap import SystemClock
from identity.commands.work_off import spool_of
from identity.ids import new_id
from identity.model.job import Job, JobKind, JobStatus
from identity.store import Store
from tests.consumers.killed import LEASE, agree, follow_scrambled, leased
from tests.consumers.world import MovingClock, following, points
from tests.consumers.world import worked_until_done as until_done
from tests.delivery.mortals import at_work, delivering, relaying, writing
from tests.delivery.receivers import receiver
from tests.delivery.world import Log, courier_on, stream_of, told, until
from tests.faults.grounds import Databases, databases, promises, same, service_at
from tests.faults.matrix import Fault
from tests.faults.mortals import stopped, working_off
from tests.faults.rows.disks import person
from tests.faults.rows.messages import Followers, enrolled, followers
from tests.flows.real_time import contradictions, rows
from tests.jobs.redis import redis_server
from tests.reference_loyalty.serving import Shop

__all__ = ["ROWS"]

_RELAYED_LEASE, _COURIERS_LEASE = 0.6, 1.0
_RECORDS = 200


def _relay(ground: Followers, random: Random) -> Sequence[str]:
    """Stop a relay while events are written; start another; wake the first, and end the other."""
    with (
        ground.databases.one() as (url, _),
        redis_server() as server,
        redis.Redis.from_url(server, decode_responses=True) as client,
    ):
        store = Store(url)
        log = Log(store, SystemClock())
        log.stream()
        with at_work(relaying, url, server) as (first, _):
            with at_work(writing, url, 20, 40) as (_, writer):
                until(lambda: client.exists("identity:events") and stream_of(client))
                time.sleep(random.uniform(0, 0.1))
                with stopped(first), at_work(relaying, url, server):
                    at = len(stream_of(client))
                    until(lambda: len(stream_of(client)) > at or writer.poll(), 60)
                    time.sleep(_RELAYED_LEASE * random.random())
                assert writer.poll(60)
            wanted = [(event.position, event.event_id) for event in log.deliveries.events(0, 10_000)]
            until(lambda: len(stream_of(client)) >= len(wanted), 60)
        found = stream_of(client)
        store.close()
    return same("the stream is the log", found == wanted, True)


def _courier(ground: Followers, random: Random) -> Sequence[str]:
    """Stop a courier while it delivers; another one delivers; wake the first."""
    with ground.databases.one() as (url, _), receiver() as shop:
        store = Store(url)
        log = Log(store, SystemClock())
        log.subscribe(address=shop.url)
        log.many(200, 20)
        with at_work(delivering, url, shop.url) as (first, _):
            until(lambda: len(shop.heard) > random.randint(0, 20))
            with stopped(first):
                until(lambda: told(courier_on(log, shop.url, seconds=_COURIERS_LEASE)).taken > 0, 60)
                log.many(100, 20)
            until(lambda: log.deliveries.subscriber("shop").position >= 300, 60)
        wanted = {event.event_id for event in log.deliveries.events(0, 1_000)}
        heard = list(dict.fromkeys(shop.taken))
        store.close()
    versions: dict[str, list[int]] = {}
    for event_id in heard:
        subject, _, version = event_id.partition("/")
        versions.setdefault(subject, []).append(int(version))
    return [
        *same("heard", set(heard) == wanted, True),
        *same("out of order", [one for one, seen in versions.items() if seen != sorted(seen)], []),
    ]


@contextmanager
def _consumer(url: str, here: Shop, folder: Path, seed: int) -> Iterator[Any]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.consumers.killed"])
    bare = Shop(here.url, None, here.database, here.program, None)  # type: ignore[arg-type]
    process = context.Process(target=follow_scrambled, args=(url, bare, "", folder / "diary", seed))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def _follower(ground: Followers, random: Random) -> Sequence[str]:
    """Stop a consumer while it follows; another one follows; wake the first; the platform has to be as one says."""
    here, seed = ground.programme(), random.getrandbits(30)
    with ground.databases.one() as (url, folder):
        store = Store(url)
        master = enrolled(here, store)
        before = points(here)
        with _consumer(url, here, folder, seed) as first:
            leased(url, f"process {seed}")
            for _ in range(40):
                master.change_something(random)
                master.commit()
            time.sleep(random.uniform(0, 0.3))
            with stopped(first), _consumer(url, here, folder, seed + 1):
                leased(url, f"process {seed + 1}")
                for _ in range(10):
                    master.change_something(random)
                    master.commit()
                time.sleep(random.uniform(0, 0.5))
            time.sleep(LEASE)
        clock = MovingClock()
        clock.turn(60)
        with following(store, here, clock) as room:
            worked = until_done(room, clock)
        agree(url, store, here, master)
        after = points(here)
        store.close()
    return [*same("given up", worked.dead, 0), *same("points", after, before)]


def _worker(ground: Databases, random: Random) -> Sequence[str]:
    """Stop a worker in the middle of a file; another one begins it anew; wake the first."""
    # Not on SQLite, whose one writer may be who is stopped: everybody waits for it there, as the documentation says.
    with ground.one("postgresql") as (url, folder), service_at(url, folder) as service:
        job = Job(
            new_id(), JobKind.UPLOAD, JobStatus.QUEUED, "faults", SystemClock().now(), {"source": "pos"}, {}
        )
        spool = spool_of(service)
        spool.open()
        lines = (orjson.dumps(person(number)) + b"\n" for number in range(_RECORDS))
        spool.upload(job.job_id).write_bytes(b"".join(lines))
        few = random.randint(1, _RECORDS // 2)
        with at_work(working_off, url, folder) as (first, _), at_work(working_off, url, folder) as (other, _):
            with stopped(other):
                service.store.jobs(SystemClock()).queue(job)
                until(lambda: _told(url) >= few, 60)
                os.kill(first.pid, signal.SIGSTOP)
            until(lambda: rows(url, "select attempts from job") == [(2,)], 60)
            os.kill(first.pid, signal.SIGCONT)
            until(lambda: rows(url, "select status from job") == [("done",)], 60)
            until(lambda: _idle(url))
        ((attempts, report),) = rows(url, "select attempts, report from job")
        told = orjson.loads(report)
        return [
            *same("attempts", attempts, 2),
            *same("rows", (told["rows"], told["accepted"]), (_RECORDS, _RECORDS)),
            *same(
                "profiles", rows(url, "select count(*), max(version) from golden_profile"), [(_RECORDS, 1)]
            ),
            *same("contradictions", contradictions(url), {}),
            *promises(service.settings),
        ]


def _told(url: str) -> int:
    return int(rows(url, "select count(*) from source_record")[0][0])


def _idle(url: str) -> bool:
    """Whether nobody is writing: the one that was stopped has found out."""
    asked = "select count(*) from pg_stat_activity where datname = current_database() and state <> 'idle'"
    return rows(url, asked) == [(1,)]


ROWS = (
    Fault(
        "relay-stopped",
        "relay",
        "SIGSTOP past its lease, while another one relays; then SIGCONT",
        "what it sends late is refused: the stream is the log, each event once and in order",
        10,
        followers,
        _relay,
    ),
    Fault(
        "courier-stopped",
        "webhooks",
        "SIGSTOP past its lease, while another one delivers; then SIGCONT",
        "nobody misses an event; of each profile they come in order",
        10,
        followers,
        _courier,
    ),
    Fault(
        "consumer-stopped",
        "consumer",
        "SIGSTOP past its lease, while another one follows; then SIGCONT",
        "what it did late is kept nowhere; the platform is as the master says, each merge once",
        10,
        followers,
        _follower,
    ),
    Fault(
        "worker-stopped",
        "worker",
        "SIGSTOP past its lease in the middle of a file, while another one begins it anew; then SIGCONT",
        "each record once, the job ends once",
        10,
        databases,
        _worker,
    ),
)
