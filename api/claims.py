"""Requests under a client's key as this process claims them: a claim that comes to nothing is let go of in the end.

Whatever made a request fail, a lost database above all, may make letting go of it fail too. A client who asks again
would then be told for a minute that somebody is at it. So what is owed is tried again, beside the requests, until the
database takes it or the claim has run out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic

from identity.model.errors import IdentityError
from identity.ports.requests import Asking, Begun, RequestLog

__all__ = ["HOLD", "Claims"]

HOLD = timedelta(seconds=60)
_EVERY = 0.25
_FIRST = 1
_UNKNOWN = "E415"
"""The connection was lost before it was known whether what was asked is kept."""


@dataclass(frozen=True, slots=True)
class _Claim:
    asking: Asking
    operation_id: str
    attempt: int


@dataclass(slots=True)
class Claims:
    """The log of requests; `pause` waits a number of seconds."""

    log: RequestLog
    pause: Callable[[float], object] = threading.Event().wait
    _owed: dict[_Claim, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, asking: Asking, operation_id: str) -> Begun:
        """Claim a request, or say how it stands."""
        try:
            return self.log.begin(asking, operation_id, HOLD)
        except IdentityError as error:
            if error.code == _UNKNOWN:  # it may be claimed all the same
                self._let_go(_Claim(asking, operation_id, _FIRST))
            raise

    def finish(self, asking: Asking, begun: Begun, status: int, reply: str) -> None:
        """Keep what a claimed request was answered."""
        try:
            self.log.finish(asking, begun.attempt, status, reply)
        except IdentityError:
            self.release(asking, begun)
            raise

    def release(self, asking: Asking, begun: Begun) -> None:
        """Let go of a claim that came to nothing, now or as soon as that is possible. Raises nothing."""
        self._let_go(_Claim(asking, begun.operation_id, begun.attempt))

    def _let_go(self, claim: _Claim) -> None:
        if self._released(claim):
            return
        with self._lock:
            idle = not self._owed
            self._owed[claim] = monotonic() + HOLD.total_seconds()
        if idle:
            threading.Thread(target=self._settle, name="claims", daemon=True).start()

    def _settle(self) -> None:
        while True:
            self.pause(_EVERY)
            with self._lock:
                owed = dict(self._owed)
            done = {claim for claim, until in owed.items() if until < monotonic() or self._released(claim)}
            with self._lock:
                self._owed = {claim: until for claim, until in self._owed.items() if claim not in done}
                if not self._owed:
                    return

    def _released(self, claim: _Claim) -> bool:
        try:
            self.log.release(claim.asking, claim.operation_id, claim.attempt)
        except IdentityError:
            return False
        return True
