"""The soak's checks find what is planted: each can fail."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from tests.api.conftest import Api, at

from . import checks
from .client import Caller, Unexpected
from .ledger import Ledger, Person

__all__ = ["at"]


@pytest.fixture
def api(at: Callable[..., Api], postgresql_url: str) -> Api:
    return at(postgresql_url)


def _told(api: Api, canary: str, *, status: str = "withdrawn") -> Person:
    person = Person(canary, last=status)
    told = api.tell("pos", canary, given_name="Ines", family_name=canary.capitalize(), email=person.email)
    person.records.append(("pos", canary))
    person.ids.add(told["golden_id"])
    act = {"email": person.email, "purpose": "marketing", "channel": "email", "status": status}
    assert api.post("/v1/consents", {"acts": [act]}).status_code == 200
    return person


@pytest.mark.postgresql
def test_what_is_lost_left_behind_or_allowed_against_a_no_is_found(api: Api, postgresql_url: str) -> None:
    def post(path: str, body: Any) -> Any:
        return api.post(path, body).json()

    def status(golden_id: str) -> int:
        return int(api.get(f"/v1/profiles/{golden_id}").status_code)

    person = _told(api, "zzplantedone")
    ledger = Ledger([person])
    assert checks.lost(ledger, post) == []
    assert checks.allowed_against(ledger, post) == []

    ledger.add(Person("zzneverkept", [("pos", "never kept")]))
    assert ["never kept" in each for each in checks.lost(ledger, post)] == [True]

    willing = _told(api, "zzwxmarkovub", status="granted")
    willing.last = "withdrawn"
    assert len(checks.allowed_against(Ledger([willing]), post)) == 1

    person.erased = True  # which nobody did
    assert len(checks.not_gone(ledger, status)) == 1
    assert any("source_record" in each for each in checks.traces(ledger, postgresql_url))


def test_what_is_left_of_the_erased_in_a_log_or_in_redis_is_found(tmp_path: Path) -> None:
    ledger = Ledger([Person("zzgonecanary", erased=True), Person("zzlivecanary")])
    for name, text in (("api.log", "zzlivecanary"), ("postgresql/base", "Zzgonecanary")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert checks.traces_in_files(ledger, tmp_path, "postgresql") == []
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "1.aof").write_bytes(b"\xff$26\r\nZzGoneCanary@example.com\r\n")
    (told,) = checks.traces_in_files(ledger, tmp_path, "postgresql")
    assert told.startswith("redis/1.aof")


@pytest.mark.postgresql
def test_a_backlog_that_stays_is_found(api: Api, postgresql_url: str) -> None:
    assert checks.backlog(postgresql_url) == {}
    person = _told(api, "zzplantedlast")
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("INSERT INTO consumer (name, position, epoch, failures) VALUES ('slow', 0, 0, 0)")
    assert checks.backlog(postgresql_url).keys() == {"events that a consumer has not followed"}
    seconds, broken = checks.drained(lambda: checks.backlog(postgresql_url), time.monotonic() - 5, 2)
    assert (seconds >= 2, len(broken)) == (True, 1)
    assert person.ids


def _caller(*answers: httpx2.Response) -> Caller:
    left = [*answers]
    transport = httpx2.MockTransport(lambda _: left.pop(0) if len(left) > 1 else left[0])
    http = httpx2.Client(transport=transport, base_url="http://127.0.0.1")
    return Caller(http, Ledger(), patience=0.3)


def _busy(status: int = 503) -> httpx2.Response:
    return httpx2.Response(status, headers={"Retry-After": "0"}, json={"code": "E402"})


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(500, json={"code": "UNFORESEEN"}),
        httpx2.Response(503, json={"code": "E402"}),
        httpx2.Response(502, text="a proxy"),
        httpx2.Response(409, json={"code": "STALE_VERSION"}),
    ],
)
def test_an_answer_that_no_client_is_told_of_is_a_violation(answer: httpx2.Response) -> None:
    caller = _caller(answer)
    with pytest.raises(Unexpected):
        caller.ask("tell", "POST", "/v1/records", {})
    assert len(caller.ledger.violations) == 1


def test_what_is_refused_for_now_is_asked_again_and_is_a_violation_where_it_never_ends() -> None:
    caller = _caller(_busy(), _busy(429), httpx2.Response(200, json={}))
    caller.ask("tell", "POST", "/v1/records", {})
    assert (caller.ledger.violations, caller.ledger.retried.total()) == ([], 2)
    caller = _caller(_busy())
    with pytest.raises(Unexpected):
        caller.ask("tell", "POST", "/v1/records", {})
    assert ["no answer" in each for each in caller.ledger.violations] == [True]
