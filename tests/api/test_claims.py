"""What a client asked for under a key can be asked for again as soon as the database is back."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from api.claims import HOLD, Claims
from identity.bootstrap import SystemClock
from identity.model.errors import StoreError
from identity.ports.requests import Asking, Begun, BegunState
from identity.store.requests import Requests
from tests.flows.whole import rows

from .conftest import Api

ASKING = Asking("shop", "k1", "f")
LOST = StoreError("E415", "The database let go of the connection.")
AWAY = StoreError("E402", "The database cannot be opened.")


class Flaky:
    """The log of requests, over a database that may be away, and that may lose what it answers."""

    def __init__(self, log: Requests) -> None:
        self.log = log
        self.away = self.answer_lost = False

    def __getattr__(self, name: str) -> Any:
        def asked(*told: Any) -> Any:
            if self.away:
                raise AWAY
            answer = getattr(self.log, name)(*told)
            if self.answer_lost:
                self.away = True
                raise LOST
            return answer

        return asked


@pytest.fixture
def flaky(api: Api) -> Flaky:
    return Flaky(api.service.store.requests(SystemClock()))


class Pauses:
    """Has what is done beside the requests wait until a test lets it go on."""

    def __init__(self) -> None:
        self._go, self._waits = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.current_thread()

    def __call__(self, _: float) -> None:
        self._thread = threading.current_thread()
        self._waits.release()
        assert self._go.acquire(timeout=20)

    def once(self) -> None:
        """Let it go on once, and wait until it waits again."""
        assert self._waits.acquire(timeout=20)
        self._go.release()
        assert self._waits.acquire(timeout=20)
        self._waits.release()

    def to_the_end(self) -> None:
        """Let it go on once, and wait for its end: nothing is left to do."""
        assert self._waits.acquire(timeout=20)
        self._go.release()
        self._thread.join(20)
        assert not self._thread.is_alive()


def held_until(api: Api) -> object:
    ((until,),) = rows(api.service.settings.database_url, "SELECT held_until FROM idempotency")
    return until


def again(flaky: Flaky) -> Begun:
    return flaky.log.begin(ASKING, "op2", timedelta(minutes=1))


def test_what_could_not_be_let_go_of_is_let_go_of_when_the_database_is_back(flaky: Flaky) -> None:
    pauses = Pauses()
    claims = Claims(flaky, pauses)
    begun = claims.begin(ASKING, "op1")
    flaky.away = True
    claims.release(ASKING, begun)
    pauses.once()
    assert again(flaky).state is BegunState.RUNNING, "it is away still"
    flaky.away = False
    pauses.to_the_end()
    assert (again(flaky).operation_id, again(flaky).state) == ("op1", BegunState.RUNNING)


@pytest.mark.parametrize("step", ["begin", "finish"])
def test_a_claim_whose_answer_was_lost_holds_nobody_up(flaky: Flaky, step: str) -> None:
    pauses = Pauses()
    claims = Claims(flaky, pauses)
    begun = claims.begin(ASKING, "op1") if step == "finish" else None
    flaky.away = step == "finish"
    flaky.answer_lost = step == "begin"
    with pytest.raises(StoreError, match=r"E402|E415"):
        claims.finish(ASKING, begun, 200, "{}") if begun else claims.begin(ASKING, "op1")
    assert again(flaky).state is BegunState.RUNNING
    flaky.away = flaky.answer_lost = False
    pauses.to_the_end()
    found = again(flaky)
    assert (found.state, found.attempt, found.operation_id) == (BegunState.MINE, 2, "op1")


def test_what_takes_long_is_held_on_to(api: Api, flaky: Flaky, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = Pauses()
    claims = Claims(flaky, pauses)
    begun = claims.begin(ASKING, "op1")
    first = held_until(api)
    pauses.once()
    assert held_until(api) == first, "not at each look"
    monkeypatch.setattr("api.claims.monotonic", lambda: time.monotonic() + HOLD.total_seconds() / 2)
    flaky.away = True
    pauses.once()
    flaky.away = False
    pauses.once()
    assert held_until(api) > first  # type: ignore[operator]
    claims.finish(ASKING, begun, 200, "{}")
    pauses.to_the_end()
    assert again(flaky).state is BegunState.DONE


def test_a_claim_of_somebody_else_is_left_alone(flaky: Flaky) -> None:
    pauses = Pauses()
    claims = Claims(flaky, pauses)
    begun = claims.begin(ASKING, "op1")
    claims.release(ASKING, Begun(BegunState.MINE, "another", begun.attempt))
    claims.release(ASKING, Begun(BegunState.MINE, "op1", begun.attempt + 1))
    assert again(flaky).state is BegunState.RUNNING
    claims.finish(ASKING, begun, 200, "{}")
    claims.release(ASKING, begun)
    assert again(flaky).state is BegunState.DONE
    pauses.to_the_end()
