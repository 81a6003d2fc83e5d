"""Heads of the audit trail, kept outside the database: only they tell that the trail was cut off, head and all."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import orjson

from identity.connectors import journals
from identity.model.audit import AuditHead
from identity.model.errors import StoreError

__all__ = ["AuditAnchors"]

_SECONDS = 60.0
"""How often a process writes a line at most: what is cut off since is told by no anchor."""


class AuditAnchors:
    """A file with a line for a head now and then, of each database (`database` tells its name, once it is needed).

    It only grows: at most a line a minute for each process that appends entries, and one when it ends.
    """

    def __init__(self, path: Path, database: Callable[[], str]) -> None:
        self.path = path
        self._name, self._named = database, ""
        self._lock = threading.Lock()
        self._latest: AuditHead | None = None
        self._written = float("-inf")
        self._ends = False

    def told(self, head: AuditHead) -> None:
        """Take in a head that is committed. What cannot be written now is tried again, and said by `flush`."""
        with self._lock:
            self._latest = head if self._latest is None or head.seq > self._latest.seq else self._latest
            due = time.monotonic() - self._written >= _SECONDS
            if not self._ends:
                self._ends = True
                atexit.register(self._end)
        if due:
            with suppress(StoreError):
                self.flush()

    def flush(self) -> None:
        """Write down the latest head, on disk when this returns. StoreError E421 where that is not possible."""
        with self._lock:
            if self._latest is None:
                return
            try:
                self._append(self._latest)
            except OSError as problem:
                raise _unusable(problem) from problem
            self._latest, self._written = None, time.monotonic()

    def _database(self) -> str:
        self._named = self._named or self._name()
        return self._named

    def _end(self) -> None:
        with suppress(Exception):  # nobody is there any more to be told
            self.flush()

    def _append(self, head: AuditHead) -> None:
        line = {"database": self._database(), "seq": head.seq, "hash": head.hash, "seal": head.seal}
        journals.append(self.path, [line])

    def heads(self) -> list[AuditHead]:
        """Return what was written of this database, in order. A line that broke off is none."""
        try:
            lines = self.path.read_bytes().split(b"\n") if self.path.exists() else []
        except OSError as problem:
            raise _unusable(problem) from problem
        name = self._database()
        return [head for line in lines if line if (head := _read(line, name)) is not None]


def _read(line: bytes, database: str) -> AuditHead | None:
    try:
        told = orjson.loads(line)
        return AuditHead(told["seq"], told["hash"], told["seal"]) if told["database"] == database else None
    except (ValueError, KeyError, TypeError):
        return None


def _unusable(problem: OSError) -> StoreError:
    return StoreError(
        "E424",
        f"The anchors of the audit trail cannot be used: {problem.strerror}.",
        "Let IDENTITY_AUDIT_ANCHORS name a file that is there, out of reach of who may write to the database.",
    )
