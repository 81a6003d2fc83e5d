"""Figures that are kept for a while, because reading them means to look at a whole table."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

__all__ = ["Kept"]

_Found = TypeVar("_Found")


class Kept(Generic[_Found]):
    """Something that is read when asked for, and kept for a hundred times as long as reading it took: a database is
    kept busy for a hundredth of its time at most. What takes less than `quick` seconds is read each time."""

    def __init__(
        self,
        read: Callable[[], _Found],
        quick: float = 0.05,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read, self._quick, self._monotonic = read, quick, monotonic
        self._lock = Lock()
        self._until = float("-inf")
        self._found: _Found | None = None

    def __call__(self) -> _Found:
        with self._lock:  # whoever comes meanwhile waits, and asks no second time
            began = self._monotonic()
            if self._found is None or began >= self._until:
                self._found = self._read()
                took = self._monotonic() - began
                self._until = began + took * 101 if took >= self._quick else began
            return self._found
