"""Turns of SQLite's writers.

SQLite lets in whoever asks at the right instant, and looks again only every tenth of a second: beside a writer that
comes back at once another one finds the door shut for minutes. So writers of one process stand in a queue, and the
first of it asks every few milliseconds: whoever has just written stands behind whoever waits. Between processes
nothing queues, but each comes to ask between any two transactions of another one.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock

__all__ = ["begin_writing", "waiting"]

_PAUSES = (0.0005, 0.003)
"""Seconds, at random in between: two processes that wait are not to ask in step."""


def begin_writing(connection: sqlite3.Connection, path: Path, patience: float) -> None:
    """Begin a transaction that writes. OperationalError (SQLITE_BUSY) where others write for `patience` seconds."""
    until = time.monotonic() + patience
    with _queue_of(path).first(until):
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            while not _begun(connection, until):
                time.sleep(random.uniform(*_PAUSES))
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")


def waiting(path: Path) -> int:
    """Return how many of this process wait to write."""
    return len(_queue_of(path))


def _begun(connection: sqlite3.Connection, until: float) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
            raise
        return False
    return True


class _Queue:
    """Who waits to write, in the order of coming."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: deque[Lock] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    @contextmanager
    def first(self, until: float) -> Iterator[None]:
        """Wait until nobody of this process who came before waits; who comes meanwhile waits for the block's end."""
        turn = Lock()
        turn.acquire()
        with self._lock:
            self._waiting.append(turn)
            if self._waiting[0] is turn:
                turn.release()
        try:
            if not turn.acquire(timeout=max(until - time.monotonic(), 0.0)):
                raise _busy()
            yield
        finally:
            self._leave(turn)

    def _leave(self, turn: Lock) -> None:
        with self._lock:
            first = self._waiting[0] is turn
            self._waiting.remove(turn)
            if first and self._waiting:
                self._waiting[0].release()


@cache
def _queue_of(path: Path) -> _Queue:  # noqa: ARG001 - one for each path
    return _Queue()


def _busy() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_BUSY, "SQLITE_BUSY"
    return error
