"""Rows about the whole running system: something is broken while callers write, and each write has one effect."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import redis

from identity.bootstrap import SystemClock
from identity.store import Store
from tests.faults.fault import CannotRun, Fault
from tests.faults.ground import Scene, broken_promises
from tests.flows.real_time import rows
from tests.soak.faults import process_frozen, process_killed, server_frozen, server_killed
from tests.soak.servers import _children
from tests.soak.system import STREAM, System

__all__ = ["FAULTS", "Caller"]

WRITES = 24
LONGEST = 60.0
"""Seconds in which every write has to be acknowledged, and every event followed, however it was broken."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass
class Caller:
    """Whoever writes: it asks again under the same key until it is answered, or gives up after a minute."""

    base: str
    token: str
    answers: dict[str, str] = field(default_factory=dict)
    refusals: list[int] = field(default_factory=list)

    def tell(self, record: dict[str, Any]) -> None:
        until = time.monotonic() + LONGEST
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": f"k-{record['source_record_id']}",
        }
        while time.monotonic() < until:
            with suppress(httpx2.HTTPError):
                answer = httpx2.post(f"{self.base}/v1/records", json=record, headers=headers, timeout=15)
                if answer.status_code == 200:
                    self.answers[record["source_record_id"]] = answer.json()["golden_id"]
                    return
                if not _still_running(answer):
                    self.refusals.append(answer.status_code)
            time.sleep(0.1)


def _still_running(answer: httpx2.Response) -> bool:
    """Say whether an attempt of before is held, by a process that may be dead: the answer asks to come again soon."""
    return (
        answer.status_code == 409
        and answer.json()["code"] == "STILL_RUNNING"
        and "retry-after" in answer.headers
    )


def _strangers(random: Random, count: int) -> list[dict[str, Any]]:
    """People who have nothing in common with anybody."""

    def word(letters: int) -> str:
        return "".join(random.choices(_LETTERS, k=letters))

    return [
        {
            "source": "pos",
            "source_record_id": word(16),
            "given_name": word(9).title(),
            "family_name": word(11).title(),
            "email": f"{word(14)}@{word(9)}.example",
            "birth_date": f"{random.randint(1940, 2004)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
        }
        for _ in range(count)
    ]


Strike = Callable[[System, Random], None]


def broken_while_written(strike: Strike, scene: Scene) -> Sequence[str]:
    system = scene.ground.system
    caller = Caller(system.base, _token(scene))
    people = _strangers(scene.random, WRITES)
    with ThreadPoolExecutor(4) as pool:
        telling = [pool.submit(caller.tell, person) for person in people[:-1]]
        time.sleep(scene.random.uniform(0, 0.25))
        strike(system, scene.random)
        for each in telling:
            each.result()
    caller.tell(people[-1])
    return [
        *_one_effect_each(system, caller, people),
        *_followed(system),
        *broken_promises(system.postgres.url),
    ]


def _token(scene: Scene) -> str:
    file = scene.ground.folder / "token"
    if not file.exists():
        file.write_text(scene.ground.system.token("--client", "till", "--hours", "24"))
    return file.read_text()


def _one_effect_each(system: System, caller: Caller, people: Sequence[dict[str, Any]]) -> list[str]:
    names = {person["source_record_id"] for person in people}
    told = ", ".join(f"'{name}'" for name in sorted(names))
    found = rows(
        system.postgres.url,
        f"""select c.source_record_id, c.golden_id, p.version, count(e.event_id) from crosswalk c
            join golden_profile p on p.golden_id = c.golden_id join event e on e.subject = c.golden_id
            where c.source_record_id in ({told}) group by 1, 2, 3""",
    )
    problems = [f"a second effect: {row}" for row in found if row[2:] != (1, 1)]
    problems += [f"answered {code}" for code in sorted({*caller.refusals}) if code not in (429, 503)]
    if lost := {name: home for name, home in caller.answers.items() if home not in {row[1] for row in found}}:
        problems.append(f"acknowledged and lost: {lost}")
    if missing := names - caller.answers.keys():
        problems.append(f"{len(missing)} writes were not acknowledged in {LONGEST:g} s")
    return problems


def _followed(system: System) -> list[str]:
    """Return what is still behind after a minute: the stream, or who follows it."""
    until = time.monotonic() + LONGEST
    while behind := _behind(system):
        if time.monotonic() > until:
            return [f"still behind after {LONGEST:g} s: {behind}"]
        time.sleep(0.2)
    return []


def _behind(system: System) -> str:
    last = rows(system.postgres.url, "select max(position) from event")[0][0]
    with closing(Store(system.postgres.url, patience=10)) as store:
        consumer = store.consumers(SystemClock()).consumer("loyalty")
    if consumer.lag:
        return f"loyalty by {consumer.lag}"
    with closing(redis.Redis.from_url(system.redis.url(0), socket_timeout=5)) as client:
        try:
            told: Any = client.xinfo_stream(STREAM)
        except redis.RedisError as problem:
            return f"the stream: {type(problem).__name__}"
    at = int(told["last-generated-id"].decode().partition("-")[0])
    return "" if at == last else f"the stream is at {at} of {last}"


def backend_killed(system: System, random: Random) -> None:
    """Of one client's backend; PostgreSQL ends all others with it, and recovers."""
    server = system.postgres._process
    assert server
    clients = [pid for pid in _children([server.pid]) if "127.0.0.1" in _title(pid)]
    if not clients:
        raise CannotRun("no backend of a client was found")
    os.kill(random.choice(clients), signal.SIGKILL)


def _title(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    return ""


_ONCE = "each write acknowledged within a minute under its key, one effect; stream and consumer catch up"
_ROWS: tuple[tuple[str, str, int, Strike], ...] = (
    ("live: kill -9 API", "API", 20, process_killed("api")),
    ("live: kill -9 relay", "relay", 5, process_killed("relay")),
    ("live: kill -9 consumer", "consumer", 5, process_killed("consume-loyalty")),
    ("live: kill -9 worker", "Celery", 3, process_killed("worker")),
    ("live: SIGSTOP API", "API", 5, process_frozen("api", 3, 12)),
    ("live: SIGSTOP relay", "relay", 3, process_frozen("relay", 3, 6)),
    ("live: SIGSTOP consumer", "consumer", 3, process_frozen("consume-loyalty", 3, 6)),
    ("live: SIGSTOP worker", "Celery", 2, process_frozen("worker", 3, 6)),
    ("live: kill -9 a backend", "PostgreSQL", 10, backend_killed),
    ("live: kill -9 the postmaster", "PostgreSQL", 10, server_killed("postgres", 1.5)),
    ("live: SIGSTOP PostgreSQL", "PostgreSQL", 5, server_frozen("postgres", 3, 8)),
    ("live: kill -9 Redis", "Redis", 8, server_killed("redis", 1.5)),
    ("live: SIGSTOP Redis", "Redis", 5, server_frozen("redis", 3, 8)),
    ("live: FLUSHALL", "Redis", 5, lambda system, _: system.redis.wipe()),
)
FAULTS = tuple(
    Fault(name, component, _ONCE, times, partial(broken_while_written, strike))
    for name, component, times, strike in _ROWS
)
