"""What durations come to."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Timed", "summary", "timed"]


@dataclass(frozen=True, slots=True)
class Timed:
    """Calls one after another: from when until when by the clock that all processes share, and how long each took."""

    began: float
    ended: float
    seconds: Sequence[float]

    def told(self) -> dict[str, Any]:
        return {"began": self.began, "ended": self.ended, "seconds": list(self.seconds)}


def timed(calls: Iterable[Callable[[], object]], at_most: float) -> Timed:
    """Make calls until none is left or `at_most` seconds are over."""
    began = now = time.perf_counter()
    seconds: list[float] = []
    for call in calls:
        call()
        before, now = now, time.perf_counter()
        seconds.append(now - before)
        if now - began > at_most:
            break
    return Timed(began, now, seconds)


def summary(told: Sequence[Mapping[str, Any]], units: int) -> dict[str, Any]:
    """Return percentiles of all calls in milliseconds, and how many of these units were done in a second."""
    seconds = sorted(each for process in told for each in process["seconds"])
    if not seconds:
        return {"calls": 0}
    elapsed = max(process["ended"] for process in told) - min(process["began"] for process in told)
    return {
        "calls": len(seconds),
        **{f"p{share}_ms": _percentile(seconds, share) * 1000 for share in (50, 95, 99)},
        "mean_ms": sum(seconds) / len(seconds) * 1000,
        "seconds": elapsed,
        "per_second": units / elapsed if elapsed else None,
    }


def _percentile(ordered: Sequence[float], share: int) -> float:
    """Return the smallest value that this share of all does not exceed (in hundredths)."""
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)]
