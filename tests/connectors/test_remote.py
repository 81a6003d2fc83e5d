"""Other systems' answers: bounded, translated, never trusted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from identity.connectors.loyalty.replies import Reply, member
from identity.connectors.remote import Refused, Remote, RemoteSettings, Unavailable, _seconds
from tests.reference_loyalty.serving import served

MEMBER: dict[str, Any] = {
    "number": "m1",
    "program": "p",
    "member_type": "individual",
    "status": "ACTIVE",
    "tier": "gold",
    "points": 5,
    "lots": [{"lot": 1, "points": 5, "expires_on": "2999-01-01"}],
    "pending_points": 0,
    "open_redemptions": 0,
    "cards": ["c1"],
    "enrolled_at": "2024-01-01T00:00:00Z",
    "last_activity_at": "2024-01-01T00:00:00+01:00",
    "merged_into": None,
    "merged_from": [],
    "version": 1,
}


def strange() -> FastAPI:
    app = FastAPI()

    @app.get("/moved")
    def moved() -> Response:
        return RedirectResponse("/large")

    @app.get("/large")
    def large() -> Response:
        return Response('{"a": "' + "x" * 3000 + '"}', media_type="application/json")

    @app.get("/list")
    def listed() -> list[int]:
        return [1]

    @app.get("/slow")
    def slow() -> Response:
        async def drops() -> AsyncIterator[bytes]:
            for _ in range(200):
                yield b" "
                await asyncio.sleep(0.02)

        return StreamingResponse(drops())

    @app.get("/status/{status}")
    def status(status: int) -> Response:
        return Response("<html>", status, {"retry-after": "soon"})

    return app


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(strange()) as address:
        yield address


@pytest.fixture
def remote(url: str) -> Iterator[Remote]:
    patience = RemoteSettings(url, "the other system", patience_seconds=0.2, largest_reply=2000)
    with Remote(patience) as one:
        yield one


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/large", "UNREADABLE_REPLY"),
        ("/list", "UNREADABLE_REPLY"),
        ("/slow", "TIMEOUT"),
        ("/status/503", "HTTP_503"),
        ("/status/507", "HTTP_507"),
    ],
)
def test_an_answer_that_is_none_is_unavailable(remote: Remote, path: str, code: str) -> None:
    with pytest.raises(Unavailable) as problem:
        remote.call("GET", path)
    assert (problem.value.code, problem.value.retry_after) == (code, None)


@pytest.mark.parametrize(("path", "word"), [("/moved", "HTTP_307"), ("/status/410", "HTTP_410")])
def test_an_answer_without_a_word_is_refused_by_its_number(remote: Remote, path: str, word: str) -> None:
    with pytest.raises(Refused) as refusal:
        remote.call("GET", path)
    assert refusal.value.word == word


def test_nobody_there_is_unavailable() -> None:
    with (
        Remote(RemoteSettings("http://127.0.0.1:9", "the other system")) as remote,
        pytest.raises(Unavailable, match="UNREACHABLE"),
    ):
        remote.call("GET", "/")


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("3", 3.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_a_wait_is_told_in_seconds_or_as_a_moment(told: str, seconds: float | None) -> None:
    assert _seconds(told, datetime(2026, 3, 1, 12, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", ""),
        ("number", None),
        ("status", "ASLEEP"),
        ("points", "5"),
        ("points", True),
        ("points", 5.0),
        ("lots", {}),
        ("lots", [1]),
        ("lots", [{"lot": 1, "points": 5, "expires_on": "tomorrow"}]),
        ("cards", [1]),
        ("enrolled_at", "yesterday"),
        ("enrolled_at", "2024-01-01T00:00:00"),
        ("merged_from", None),
    ],
)
def test_a_member_of_another_shape_is_no_answer(name: str, value: object) -> None:
    assert member(Reply(MEMBER)).cards == ("c1",)
    with pytest.raises(Unavailable, match="UNREADABLE_REPLY"):
        member(Reply({**MEMBER, name: value}))


def test_settings_are_values() -> None:
    shipped = RemoteSettings("http://a", "a")
    assert replace(shipped, token="x") != shipped
