"""A copy of the database that look-ups are answered from: how far behind it is, and who answers when it is too far."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Generic, TypeVar

from identity.model.errors import IdentityError, StoreError
from identity.observing.counts import count
from identity.settings import replica_of_a_file
from identity.store import Store

__all__ = ["PATIENT", "Replica", "ReplicaState", "Standing"]

_T = TypeVar("_T")
_S = TypeVar("_S")
_EVERY = 1.0  # seconds between two looks at both servers; a quarter of a shorter bound
_KEPT = 3_600  # positions that are remembered while the copy does not move
PATIENT = 5.0
"""Seconds that anybody waits for the copy, where the bound is larger."""


class ReplicaState(StrEnum):
    """ANSWERS: look-ups go to it. AWAY: it cannot be asked. BEHIND: by more than the bound. STRANGER: it copies no
    other server, or another one than ours."""

    ANSWERS = "answers"
    AWAY = "away"
    BEHIND = "behind"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a replica stands, and by how many seconds it may be behind; infinite where it never was in step. `silent`:
    its primary says nothing, so that who asks it waits."""

    state: ReplicaState
    lag: float
    silent: bool = False


class Replica(Generic[_S]):
    """Asks `near`, whose store is the copy's, as long as it is at most `bound` seconds behind; otherwise `here`.

    How far behind is measured without anybody's clock but ours: the primary's position in its log is noted with the
    moment, and the copy is as old as the last noted position that it has reached. So a quiet primary makes no copy look
    old, and one that is cut off does. While the primary cannot be asked, nothing is noted: what the copy had then is
    all that anybody can be told, and it goes on answering where it was in step.

    A server may also say nothing at all. A copy that does not for as long as it may be behind is cut off, and whoever
    waits for it is answered by the primary. A primary that does not for half of that counts as away, and is not asked
    for what the copy does not know.
    """

    def __init__(
        self,
        here: _S,
        near: _S,
        stores: tuple[Store, Store],
        bound: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._here, self._near = here, near
        self._primary, self._copy = stores
        self._bound, self._monotonic = bound, monotonic
        self._patience = min(bound, PATIENT)
        self._noted: deque[tuple[float, int]] = deque(maxlen=_KEPT)
        self._as_of = self._seen = -inf
        self._asked, self._was_silent = inf, False
        self._primary_away, self._reached, self._state = False, 0, ReplicaState.AWAY
        self._known = False
        self._stop, self._checking, self._starting = threading.Event(), threading.Lock(), threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(self) -> None:
        """Look at both servers once now, and then again and again beside what this process does."""
        with self._starting:
            if self._thread is None:
                self.check()
                self._thread = threading.Thread(target=self._watch, name="replica", daemon=True)
                self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(min(_EVERY, self._bound / 4)):
            self.check()

    def close(self) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(PATIENT)  # a server that says nothing holds nobody up
        self._copy.close()

    def check(self) -> Standing:
        """Ask both servers how far they are, the primary first."""
        with self._checking:
            self._note_primary()
            with self._cut_off_when_silent():
                self._state = self._found()
        return self.standing()

    @contextmanager
    def _cut_off_when_silent(self) -> Iterator[None]:
        cut = threading.Timer(self._patience, self._copy.sever)
        cut.daemon = True
        cut.start()
        try:
            yield
        finally:
            cut.cancel()

    def _note_primary(self) -> None:
        now = self._asked = self._monotonic()
        try:
            here = self._primary.log_position()
        except StoreError:
            self._primary_away = True
            return
        finally:
            self._was_silent, self._asked = self._monotonic() - now > self._patience / 2, inf
        if here is None:
            raise replica_of_a_file()
        # Nobody replays what is not written yet: whoever is ahead of our primary follows another one.
        self._known = self._known and self._reached <= here.position
        self._noted.append((now, here.position))
        self._primary_away, self._seen = False, now

    def _found(self) -> ReplicaState:
        try:
            there = self._copy.log_position()
            if there is None or not there.copied or not self._is_ours(there.position):
                return ReplicaState.STRANGER
        except StoreError:
            return ReplicaState.AWAY
        self._reached = there.position
        while self._noted and self._noted[0][1] <= there.position:
            self._as_of = self._noted.popleft()[0]
        return ReplicaState.ANSWERS

    def _is_ours(self, position: int) -> bool:
        """Say whether the copy is one of our database: as it is named once, and not ahead of it after that."""
        if not self._known and not self._primary_away:
            named = self._primary.views.setting("database_id"), self._copy.views.setting("database_id")
            here = self._primary.log_position()
            self._known = named[0] == named[1] and here is not None and position <= here.position
        return self._known

    def _is_silent(self) -> bool:
        """Say whether the primary takes too long to answer, or did when it was asked last."""
        return self._was_silent or self._monotonic() - self._asked > self._patience / 2

    def standing(self) -> Standing:
        silent = self._is_silent()
        now = self._seen if self._primary_away or silent else self._monotonic()
        lag = max(0.0, now - self._as_of)
        late = self._state is ReplicaState.ANSWERS and lag > self._bound
        return Standing(ReplicaState.BEHIND if late else self._state, lag, silent)

    def answered(self, ask: Callable[[_S], _T], sure: Callable[[_T], bool]) -> _T:
        """Return what is found in the copy. Where it may not answer, fails, refuses, or is not `sure`, the primary is
        asked; while that is away, the copy's word is the last one."""
        if (standing := self.standing()).state is not ReplicaState.ANSWERS:
            return self._by_primary(ask, str(standing.state))
        try:
            found = ask(self._near)
        except StoreError:  # it may be back at the next look
            self._state = ReplicaState.AWAY
            return self._by_primary(ask, "failed")
        except IdentityError:  # nobody is known by that, or not yet
            if not standing.silent:
                with suppress(StoreError):
                    return self._by_primary(ask, "unknown")
            raise
        if not (standing.silent or sure(found)):
            with suppress(StoreError):
                return self._by_primary(ask, "unknown")
        count("identity_reads", "replica", "in step")
        return found

    def _by_primary(self, ask: Callable[[_S], _T], why: str) -> _T:
        found = ask(self._here)
        count("identity_reads", "primary", why)
        return found
