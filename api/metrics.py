"""What is counted about requests, and told of everything else that is: numbers and patterns of addresses, nothing
personal."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from identity.observing.counts import counting
from identity.observing.serving import SHARED

__all__ = ["CONTENT_TYPE", "Metrics", "Named"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_METHODS = frozenset({"GET", "POST", "PUT", "DELETE"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Named(Protocol):
    """What the database tells: families that are read when somebody asks."""

    def collect(self) -> Any: ...


class Metrics:
    """What one application counts, beside what its process does, and what the `stored` tell. Where several processes
    serve, any of them tells what all have counted."""

    def __init__(self, stored: Named) -> None:
        self._registry, self._stored = CollectorRegistry(), CollectorRegistry()
        self._stored.register(_Passing(stored))
        self._seconds = Histogram(
            "identity_request_seconds", "How long requests took.", ("method", "route", "status"),
            registry=self._registry, buckets=_SECONDS,
        )  # fmt: skip
        self._inside = Gauge(
            "identity_requests_inside",
            "Requests worked on.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._shed = Counter("identity_requests_shed", "Requests turned away.", registry=self._registry)
        self._routes = dict[tuple[str, str, int], Any]()
        self._process = counting()

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        place = (method if method in _METHODS else "other", route, status)
        if (found := self._routes.get(place)) is None:  # to find it by its labels takes a lock each time
            found = self._routes[place] = self._seconds.labels(place[0], route, str(status))
        found.observe(seconds)

    def inside(self, count: int) -> None:
        self._inside.set(count)

    def shed(self) -> None:
        self._shed.inc()

    def text(self) -> bytes:
        """Return everything in the text format of Prometheus."""
        counted = _together() if SHARED in os.environ else (self._registry, self._process)
        return b"".join(generate_latest(each) for each in (*counted, self._stored))


class _Passing(Collector):
    """Nothing is read when it is registered: there may be no database yet."""

    def __init__(self, named: Named) -> None:
        self._named = named

    def describe(self) -> list[Any]:
        return []

    def collect(self) -> Any:
        return self._named.collect()


def _together() -> tuple[CollectorRegistry]:
    """Return what all processes counted. What those that are gone were working on is worked on no more."""
    folder = Path(os.environ[SHARED])
    for path in folder.glob("gauge_live*_*.db"):
        process = int(path.stem.rpartition("_")[2])
        if not _lives(process):
            with suppress(FileNotFoundError):  # another one has done so
                mark_process_dead(process)  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return (registry,)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
