"""What each stage of a run took: seconds and peak memory, told as they pass."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Stage", "Stages"]


def _unheard(name: str) -> None:
    """Nobody watches."""


def _uncounted(name: str, done: int, of: int) -> None:
    """Nobody counts."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage that has passed. `peak_megabytes` is the highest the whole process has stood at so far."""

    name: str
    seconds: float
    peak_megabytes: float


@dataclass(slots=True)
class Stages:
    """A stopwatch. For whoever watches, `told` is called as each stage begins, and as it goes on; `counted` is told how
    far it is, and may raise to end it."""

    told: Callable[[str], None] = _unheard
    counted: Callable[[str, int, int], None] = _uncounted
    passed: list[Stage] = field(default_factory=list)

    def reached(self, name: str, done: int, of: int) -> None:
        """Say how far a stage is."""
        self.told(f"{name}: {done:,} of {of:,}")
        self.counted(name, done, of)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        self.told(name)
        start = time.perf_counter()
        try:
            yield
        finally:
            self.passed.append(Stage(name, time.perf_counter() - start, _peak_megabytes()))


def _peak_megabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
