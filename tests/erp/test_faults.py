"""What goes wrong on the way to a real Tryton, and in it: what may be tried again is told from what may not."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from erp import Erp, running
from identity.connectors.erp import Tryton, TrytonSession, TrytonSettings
from identity.connectors.erp.pace import Pace
from identity.connectors.remote import Refused, Unavailable
from identity.model.cluster import GoldenId
from identity.model.erp import ErpPolicy, PartyMerge
from tests.erp.proxy import Line, line
from tests.erp.shop import Clerk, clerk, session, tryton

ONE, OTHER = GoldenId("g1111111111111111"), GoldenId("g2222222222222222")
WRITE = "party.party.write"


@pytest.fixture
def way(erp: Erp) -> Iterator[Line]:
    with line(erp.url) as made:
        yield made


def test_a_call_that_was_cut_off_may_be_made_again(erp: Erp, way: Line, someone: Clerk) -> None:
    number = someone.open()
    with tryton(erp, url=way.url) as accounts:
        way.cut(WRITE)
        with pytest.raises(Unavailable, match="UNREACHABLE"):
            accounts.write_reference(number, ONE)
        assert way.met.is_set()
        assert someone.identifiers(number) == []
        assert accounts.write_reference(number, ONE)


def test_a_call_whose_answer_was_lost_is_found_done(erp: Erp, way: Line, someone: Clerk) -> None:
    number = someone.open()
    with tryton(erp, url=way.url) as accounts:
        way.lose_reply(WRITE)
        with pytest.raises(Unavailable, match="UNREACHABLE"):
            accounts.write_reference(number, ONE)
        assert someone.identifiers(number) == [f"golden:{ONE}"]
        assert not accounts.write_reference(number, ONE)
        assert someone.identifiers(number) == [f"golden:{ONE}"]


def test_a_merge_whose_answer_was_lost_is_found_done(erp: Erp, way: Line, someone: Clerk) -> None:
    source, destination = someone.open("Ines Ortega"), someone.open("Ines Ortega")
    with tryton(erp, ErpPolicy(party_merge=PartyMerge.ALLOWED), url=way.url) as accounts:
        way.lose_reply('"replace"')
        with pytest.raises(Unavailable, match="UNREACHABLE"):
            accounts.merge_parties(source, destination)
        assert not accounts.merge_parties(source, destination)
    assert not someone.party(source)["active"]


def test_an_answer_of_somebody_else_is_no_answer(erp: Erp, someone: Clerk) -> None:
    number = someone.open()
    with session(erp, database="nobody's") as calls, pytest.raises((Refused, Unavailable)):
        calls.call("model.party.party.search", [["code", "=", number]], 0, None, None, {})
    with session(erp) as calls:
        with pytest.raises(Unavailable, match="ERP_FAILED"):
            calls.call("model.party.nothing.read", [1], ["name"], {})
        with pytest.raises(Refused, match="HTTP_403"):
            calls.call("model.party.party.drop_everything", {})


def test_a_session_that_has_ended_is_begun_anew(erp: Erp, someone: Clerk) -> None:
    number = someone.open()
    with session(erp) as calls:
        accounts = Tryton(calls, ErpPolicy())
        assert accounts.write_reference(number, ONE)
        calls.call("common.db.logout")
        with ThreadPoolExecutor(4) as threads:
            assert set(threads.map(accounts.reference_of, [number] * 8)) == {ONE}
        calls.call("common.db.logout")
        assert accounts.write_reference(number, OTHER)


def test_a_wrong_password_is_refused_and_not_told(erp: Erp) -> None:
    with session(erp, user="clerk", password="wrong-word") as calls:
        with pytest.raises(Refused, match="UNAUTHENTICATED") as refusal:
            calls.call("model.party.party.search", [], 0, 1, None, {})
        assert "wrong-word" not in str(refusal.value)
        assert "wrong-word" not in repr(calls._settings)


@pytest.mark.erp
def test_a_server_that_is_away_comes_back_with_everything(tmp_path: Path) -> None:
    with running(home=tmp_path) as first:
        with clerk(first) as someone:
            number = someone.open()
        port = int(first.url.rpartition(":")[2])
        with session(first) as calls:
            accounts = Tryton(calls, ErpPolicy())
            accounts.write_reference(number, ONE)
            _restarted(first, accounts, number, tmp_path, port)


def _restarted(first: Erp, accounts: Tryton, number: str, home: Path, port: int) -> None:
    os.kill(first.process, signal.SIGKILL)
    with pytest.raises(Unavailable, match=r"UNREACHABLE|TIMEOUT"):
        _until_refused(accounts, number)
    with running(home=home, port=port):
        assert accounts.reference_of(number) == ONE
        assert accounts.write_reference(number, OTHER)


def _until_refused(accounts: Tryton, number: str) -> None:
    """Ask until the server is gone, at most for a while."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        accounts.account(number)


@pytest.mark.erp
def test_a_server_that_stands_still_is_given_up_in_time_and_done_with_later(tmp_path: Path) -> None:
    with running(home=tmp_path) as still, clerk(still) as someone:
        number = someone.open()
        with tryton(still) as patient, tryton(still, timeout_seconds=1.0) as accounts:
            patient.account(number)
            os.kill(still.process, signal.SIGSTOP)
            try:
                began = time.monotonic()
                with pytest.raises(Unavailable, match="TIMEOUT"):
                    accounts.write_reference(number, ONE)
                assert time.monotonic() - began < 5
            finally:
                os.kill(still.process, signal.SIGCONT)
            patient.write_reference(number, ONE)
        assert someone.identifiers(number) == [f"golden:{ONE}"]


def test_calls_are_made_no_faster_than_allowed(erp: Erp, someone: Clerk) -> None:
    number = someone.open()
    with tryton(erp, requests_per_second=20.0) as accounts, ThreadPoolExecutor(4) as threads:
        began = time.monotonic()
        list(threads.map(accounts.account, [number] * 10))
        assert time.monotonic() - began >= 10 / 20


def test_turns_are_evenly_spaced_and_none_is_saved_up() -> None:
    slept: list[float] = []
    now = [0.0]
    pace = Pace(4, lambda: now[0], slept.append)
    pace.wait()
    pace.wait()
    pace.wait()
    now[0] = 10.0
    pace.wait()
    pace.wait()
    assert slept == [0.25, 0.5, 0.25]


@pytest.mark.parametrize(
    "reply", [{"id": 1}, {"id": 1, "result": 1}, {"id": 1, "result": [1, "x"]}, {"id": 1, "result": [{}]}]
)
def test_an_answer_of_another_shape_is_unavailable(reply: dict[str, object]) -> None:
    class Elsewhere:
        settings = type("Settings", (), {"system": "the ERP"})

        def call(self, *_: object, **__: object) -> dict[str, object]:
            return reply

    calls = TrytonSession(Elsewhere(), TrytonSettings("erp", "a", "b", 1000.0))  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match="UNREADABLE_REPLY"):
        Tryton(calls, ErpPolicy()).account("A1")
