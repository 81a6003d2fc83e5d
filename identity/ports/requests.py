"""What callers asked for under a key of theirs, so that asking again does not do it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

__all__ = ["Asking", "Begun", "BegunState", "RequestLog"]


@dataclass(frozen=True, slots=True)
class Asking:
    """A request under a client's key. `fingerprint` is a keyed digest of what it asks for."""

    client: str
    key: str
    fingerprint: str


class BegunState(StrEnum):
    MINE = "mine"
    RUNNING = "running"
    DONE = "done"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Begun:
    """How a request stands: `mine` to carry out as the `attempt`-th, `running` elsewhere, `done` with a status and a
    reply, or `other`: its key was used for something else. `operation_id` is the same for every attempt."""

    state: BegunState
    operation_id: str
    attempt: int
    status: int = 0
    reply: str = ""


class RequestLog(Protocol):
    def begin(self, asking: Asking, operation_id: str, hold: timedelta) -> Begun:
        """Claim a request for a while, or say how it stands. Of several who try at once one claims it; a claim that
        ran out may be claimed again."""
        ...

    def hold(self, asking: Asking, operation_id: str, attempt: int, hold: timedelta) -> None:
        """Hold on to a claim for a while from now: it is still worked on. No effect where it is another's by now."""
        ...

    def finish(self, asking: Asking, attempt: int, status: int, reply: str) -> None:
        """Store what the request was answered. No effect where a later attempt has claimed it."""
        ...

    def release(self, asking: Asking, operation_id: str, attempt: int) -> None:
        """Let go of a claim that came to nothing: the next one who asks carries it out. No effect where it is another's
        claim, or none."""
        ...

    def forget(self, before: datetime) -> int:
        """Forget what was asked before a moment; return how many requests that were."""
        ...
