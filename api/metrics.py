"""What is counted about requests; numbers and patterns of addresses, nothing personal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_METHODS = frozenset({"GET", "POST", "PUT", "DELETE"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """One registry for each application. `gauges`, and `subscribers` by name, are read from the database when somebody
    asks."""

    def __init__(
        self,
        gauges: Callable[[], Mapping[str, float]],
        subscribers: Callable[[], Mapping[str, Mapping[str, float]]] = dict,
    ) -> None:
        self._registry = CollectorRegistry()
        self._gauges, self._subscribers = gauges, subscribers
        self._seconds = Histogram(
            "identity_request_seconds", "How long requests took.", ("method", "route", "status"),
            registry=self._registry, buckets=_SECONDS,
        )  # fmt: skip
        self._inside, self._routes = 0, dict[tuple[str, str, int], Any]()
        Gauge("identity_requests_inside", "Requests worked on.", registry=self._registry).set_function(
            lambda: self._inside
        )
        self._shed = Counter("identity_requests_shed", "Requests turned away.", registry=self._registry)
        self._stored = Gauge(
            "identity_stored", "What the database holds, by kind.", ("kind",), registry=self._registry
        )

        self._told = Gauge(
            "identity_subscriber",
            "How those who are told of events stand: events behind, held, dead_letters; active, failures in a row.",
            ("subscriber", "number"),
            registry=self._registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        place = (method if method in _METHODS else "other", route, status)
        if (found := self._routes.get(place)) is None:  # to find it by its labels takes a lock each time
            found = self._routes[place] = self._seconds.labels(place[0], route, str(status))
        found.observe(seconds)

    def inside(self, count: int) -> None:
        self._inside = count

    def shed(self) -> None:
        self._shed.inc()

    def text(self) -> bytes:
        """Return everything in the text format of Prometheus."""
        for kind, count in self._gauges().items():
            self._stored.labels(kind).set(count)
        self._told.clear()  # who was removed is not told of any more
        for name, numbers in self._subscribers().items():
            for number, value in numbers.items():
                self._told.labels(name, number).set(value)
        return generate_latest(self._registry)
