"""When what failed is tried again: exponentially later, with jitter so that many do not come back at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

__all__ = ["ATTEMPTS", "FIRST", "LONGEST", "TRIPPED", "backoff"]

FIRST = timedelta(seconds=1)
LONGEST = timedelta(minutes=15)
ATTEMPTS = 16
"""After so many attempts of its own an event is given up: about an hour and a half."""

TRIPPED = 5
"""After so many different events that failed in a row it is the other system that fails: it is left alone, then tried
with one event at a time."""


def backoff(failures: int, chance: Callable[[], float], asked: float | None = None) -> timedelta:
    """Return how long to wait after so many failures: between half and all of 1 s, 2 s, 4 s, … up to a quarter of an
    hour; never less than the other system has asked for, in seconds."""
    longest = min(FIRST * float(2 ** min(max(failures, 1) - 1, 20)), LONGEST)
    return max(longest * (0.5 + chance() / 2), timedelta(seconds=asked or 0.0))
