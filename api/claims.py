"""Requests under a client's key as this process claims them: held while they are worked on, and let go of in the end.

A claim runs out soon, so that nobody waits long for a process that was killed; what takes longer is held on to, beside
the requests. Whatever makes a request fail, a lost database above all, may make letting go of it fail too: what is
owed is tried again, until the database takes it or the claim has run out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic

from identity.model.errors import IdentityError
from identity.ports.requests import Asking, Begun, BegunState, RequestLog

__all__ = ["HOLD", "Claims"]

HOLD = timedelta(seconds=15)
_RENEWED = HOLD.total_seconds() / 3
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
    """The log of requests; `pause` waits a number of seconds.

    `_held` and `_owed` tell when a claim has to be held anew, and until when letting go of it is tried.
    """

    log: RequestLog
    pause: Callable[[float], object] = threading.Event().wait
    _held: dict[_Claim, float] = field(default_factory=dict)
    _owed: dict[_Claim, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _awake: bool = False

    def begin(self, asking: Asking, operation_id: str) -> Begun:
        """Claim a request, or say how it stands."""
        try:
            begun = self.log.begin(asking, operation_id, HOLD)
        except IdentityError as error:
            if error.code == _UNKNOWN:  # it may be claimed all the same
                self._let_go(_Claim(asking, operation_id, _FIRST))
            raise
        if begun.state is BegunState.MINE:
            self._mind(self._held, _Claim(asking, begun.operation_id, begun.attempt), _RENEWED)
        return begun

    def finish(self, asking: Asking, begun: Begun, status: int, reply: str) -> None:
        """Keep what a claimed request was answered."""
        try:
            self.log.finish(asking, begun.attempt, status, reply)
        except IdentityError:
            self.release(asking, begun)
            raise
        self._forget(_Claim(asking, begun.operation_id, begun.attempt))

    def release(self, asking: Asking, begun: Begun) -> None:
        """Let go of a claim that came to nothing, now or as soon as that is possible. Raises nothing."""
        claim = _Claim(asking, begun.operation_id, begun.attempt)
        self._forget(claim)
        self._let_go(claim)

    def _let_go(self, claim: _Claim) -> None:
        if not self._released(claim):
            self._mind(self._owed, claim, HOLD.total_seconds())

    def _forget(self, claim: _Claim) -> None:
        with self._lock:
            self._held.pop(claim, None)

    def _mind(self, among: dict[_Claim, float], claim: _Claim, seconds: float) -> None:
        """See to a claim beside the requests from now on."""
        with self._lock:
            among[claim] = monotonic() + seconds
            asleep, self._awake = not self._awake, True
        if asleep:
            threading.Thread(target=self._look_after, name="claims", daemon=True).start()

    def _look_after(self) -> None:
        while self._left():
            self.pause(_EVERY)
            with self._lock:
                held, owed = dict(self._held), dict(self._owed)
            for claim, due in held.items():
                if due <= monotonic():
                    self._held_on_to(claim)
            for claim, until in owed.items():
                if until < monotonic() or self._released(claim):
                    with self._lock:
                        self._owed.pop(claim, None)

    def _left(self) -> bool:
        with self._lock:
            self._awake = bool(self._held or self._owed)
            return self._awake

    def _held_on_to(self, claim: _Claim) -> None:
        try:
            self.log.hold(claim.asking, claim.operation_id, claim.attempt, HOLD)
        except IdentityError:
            return  # tried again at once: it has not run out yet
        with self._lock:
            if claim in self._held:
                self._held[claim] = monotonic() + _RENEWED

    def _released(self, claim: _Claim) -> bool:
        try:
            self.log.release(claim.asking, claim.operation_id, claim.attempt)
        except IdentityError:
            return False
        return True
