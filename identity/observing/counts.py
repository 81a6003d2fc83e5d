"""What a process counts while it works: numbers by words of the code, never by anything of a person.

Labels are names of sources, followers, subscribers and systems that people have set up, and closed lists of outcomes: a
handful each. What the database knows is not counted here; it is read there (`store/figures.py`). Until `counting` is
called nothing is loaded, and `count` does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

__all__ = ["COUNTS", "Told", "count", "counting", "took"]


class Told(NamedTuple):
    """What a number says, and what it is told apart by."""

    meaning: str
    labels: tuple[str, ...]


COUNTS: Mapping[str, Told] = {
    "identity_resolved_records": Told(
        "Records written in real time, by what became of them and what was decided.",
        ("source", "outcome", "decision"),
    ),
    "identity_relayed_events": Told("Events put into streams.", ("subscriber",)),
    "identity_delivery_attempts": Told(
        "Events sent to webhooks, by what came of it; again: the event had failed before.",
        ("subscriber", "verdict", "again"),
    ),
    "identity_reads": Told(
        "Look-ups, profiles and explanations where there is a read replica, by who answered and why.",
        ("answered_by", "why"),
    ),
    "identity_followed_events": Told(
        "Events that a consumer dealt with, or failed at; again: the event had failed before.",
        ("consumer", "outcome", "again"),
    ),
}
CALLS = "identity_system_call_seconds"
_CALLS = Told("How long calls to other systems took.", ("system", "status"))
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class _Counting:
    registry: CollectorRegistry | None = None
    found: Mapping[str, Any] = {}


def counting() -> CollectorRegistry:
    """Count from now on, and return where it stands."""
    if _Counting.registry is None:
        from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = CollectorRegistry()
        found: dict[str, Any] = {
            name: Counter(name, told.meaning, told.labels, registry=registry) for name, told in COUNTS.items()
        }
        found[CALLS] = Histogram(CALLS, _CALLS.meaning, _CALLS.labels, registry=registry, buckets=_SECONDS)
        _Counting.registry, _Counting.found = registry, found
    return _Counting.registry


def count(name: str, *labels: str, number: int = 1) -> None:
    """Add to one of the COUNTS."""
    if number and (found := _Counting.found.get(name)) is not None:
        found.labels(*labels).inc(number)


def took(system: str, status: str, seconds: float) -> None:
    """Note how long a call to another system took. `status` is a number of HTTP, or a word."""
    if (found := _Counting.found.get(CALLS)) is not None:
        found.labels(system, status).observe(seconds)
