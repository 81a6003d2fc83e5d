"""What a client asked for under a key can be asked for again as soon as the database is back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from api.claims import Claims
from identity.bootstrap import SystemClock
from identity.model.errors import StoreError
from identity.ports.requests import Asking, Begun, BegunState
from identity.store.requests import Requests

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
    """Lets what is owed be tried again when a test says so, and tells when it has been."""

    def __init__(self) -> None:
        self._go, self.tried = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, _: float) -> None:
        self.tried.release()
        assert self._go.acquire(timeout=20)

    def once_more(self) -> None:
        assert self.tried.acquire(timeout=20)
        self._go.release()


@contextmanager
def ended(pauses: Pauses) -> Iterator[None]:
    """Wait for the end of what lets go of claims."""
    (thread,) = (each for each in threading.enumerate() if each.name == "claims")
    yield
    pauses.once_more()
    thread.join(20)
    assert not thread.is_alive()


def again(flaky: Flaky) -> Begun:
    return flaky.log.begin(ASKING, "op2", timedelta(minutes=1))


def test_what_could_not_be_let_go_of_is_let_go_of_when_the_database_is_back(flaky: Flaky) -> None:
    pauses = Pauses()
    claims = Claims(flaky, pauses)
    begun = claims.begin(ASKING, "op1")
    flaky.away = True
    claims.release(ASKING, begun)
    assert again(flaky).state is BegunState.RUNNING
    with ended(pauses):
        pauses.once_more()
        assert pauses.tried.acquire(timeout=20), "it is away still, and is asked again"
        pauses.tried.release()
        flaky.away = False
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
    with ended(pauses):
        flaky.away = flaky.answer_lost = False
    found = again(flaky)
    assert (found.state, found.attempt, found.operation_id) == (BegunState.MINE, 2, "op1")


def test_a_claim_of_somebody_else_is_left_alone(flaky: Flaky) -> None:
    claims = Claims(flaky)
    begun = claims.begin(ASKING, "op1")
    claims.release(ASKING, Begun(BegunState.MINE, "another", begun.attempt))
    claims.release(ASKING, Begun(BegunState.MINE, "op1", begun.attempt + 1))
    assert again(flaky).state is BegunState.RUNNING
    claims.finish(ASKING, begun, 200, "{}")
    claims.release(ASKING, begun)
    assert again(flaky).state is BegunState.DONE
