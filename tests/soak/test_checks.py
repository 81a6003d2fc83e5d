"""The checks of the soak can fail: each finds what is planted for it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from random import Random
from threading import Thread
from types import SimpleNamespace
from typing import Any, ClassVar

import orjson
import psycopg
import pytest

from tests.soak import checks
from tests.soak.book import Book, Person
from tests.soak.clients import Caller, Gone

CANARY = "zq0123456789abx"


class _Answers(BaseHTTPRequestHandler):
    """Answers with what is next; the last one for ever."""

    next: ClassVar[list[tuple[int, dict[str, Any], dict[str, str]]]] = []

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        status, body, headers = self.next.pop(0) if len(self.next) > 1 else self.next[0]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        text = orjson.dumps(body)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def caller() -> Iterator[Caller]:
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Caller(f"http://127.0.0.1:{server.server_port}", "token", Book(), Random(1), patience=1.5)
    server.shutdown()
    server.server_close()


def _will(*answers: tuple[int, dict[str, Any]], **headers: str) -> None:
    _Answers.next[:] = [(status, body, {"Retry-After": "1", **headers}) for status, body in answers]


def test_what_may_be_tried_again_is_and_counts_as_no_violation(caller: Caller) -> None:
    _will((503, {"code": "E415"}), (409, {"code": "STILL_RUNNING"}), (200, {"golden_id": "g1"}))
    assert caller.ask("GET", "/v1/profiles/g1") == (200, {"golden_id": "g1"})
    assert caller.book.violations == []
    assert set(caller.book.refused) == {"503 E415", "409 STILL_RUNNING"}


@pytest.mark.parametrize(("status", "code"), [(500, "UNFORESEEN"), (404, "UNKNOWN"), (409, "NOT_OPEN")])
def test_any_other_answer_is_a_violation(caller: Caller, status: int, code: str) -> None:
    _will((status, {"code": code}))
    with pytest.raises(Gone):
        caller.ask("POST", "/v1/records", {})
    assert caller.book.violations == [f"POST /v1/records answered {status} {code}"]


def test_a_service_that_stays_away_is_a_violation(caller: Caller) -> None:
    _will((503, {"code": "E415"}))
    with pytest.raises(Gone):
        caller.ask("POST", "/v1/records", {})
    assert caller.book.violations == ["POST /v1/records: no answer in 1.5 s"]


def _system(url: str = "", said: str = "", verified: str = "") -> Any:
    def identity(*_: str) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, verified, "")

    processes = SimpleNamespace(running={"api": None})
    return SimpleNamespace(
        database_url=url, identity=identity, said=lambda _: said, processes=processes, ended=[]
    )


def test_a_record_that_is_lost_and_a_no_that_is_not_heard_are_found(caller: Caller) -> None:
    caller.book.knows(Person(CANARY, [("pos", "1")], said="withdrawn"))
    _will((200, {"answers": [{"golden_ids": [], "allowed": True}]}))
    (lost,) = checks._acknowledged(_system(), caller.book, caller)
    (reached,) = checks._no_is_no(_system(), caller.book, caller)
    assert "not found" in lost
    assert "may be reached" in reached
    _will((200, {"answers": [{"golden_ids": ["g1"], "allowed": False}]}))
    assert not list(checks._acknowledged(_system(), caller.book, caller))
    assert not list(checks._no_is_no(_system(), caller.book, caller))


def test_a_job_that_failed_is_found(caller: Caller) -> None:
    caller.book.asked("j1")
    _will((200, {"status": "failed", "kind": "export", "problem": {"code": "E220"}}))
    (failed,) = checks._jobs(_system(), caller.book, caller)
    assert "failed" in failed


@pytest.mark.postgresql
def test_a_word_of_somebody_who_was_erased_is_found_in_whatever_table(
    caller: Caller, postgresql_url: str
) -> None:
    caller.book.knows(Person(CANARY, golden_id="g1", erased=True))
    _will((410, {}))
    system = _system(postgresql_url)
    assert not list(checks._erased(system, caller.book, caller))
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("INSERT INTO setting (name, value) VALUES ('planted', %s)", [f"about {CANARY}"])
    (left,) = checks._erased(system, caller.book, caller)
    assert "is left in setting" in left


@pytest.mark.postgresql
def test_what_waits_is_counted_and_waited_for_no_longer_than_allowed(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, book = _system(postgresql_url), Book()
    assert checks.backlog(system) == {}
    with psycopg.connect(postgresql_url) as connection:
        connection.execute(
            "INSERT INTO redo (kind, subject, reason, queued_at) VALUES ('record', 1, '', now())"
        )
    assert checks.backlog(system) == {"redo": 1}
    monkeypatch.setattr(checks, "DRAINED", 0.2)
    checks.drained(system, book, time.monotonic())
    assert len(book.violations) == 1


def test_a_broken_promise_and_a_stack_trace_are_found() -> None:
    book = Book()
    told = {"invariants": [{"name": "homes", "broken": 2, "cases": ["pos:1", "pos:2"]}]}
    checks.verified(_system(verified=orjson.dumps(told).decode()), book)
    assert book.violations == ["verify: homes broken 2 times: ['pos:1', 'pos:2']"]
    (trace,) = checks._said(_system(said="Traceback (most recent call last)"), book, None)  # type: ignore[arg-type]
    assert "Traceback" in trace
    (told_of,) = checks._said(_system(said=f"looked for {CANARY}"), book, None)  # type: ignore[arg-type]
    assert CANARY in told_of
