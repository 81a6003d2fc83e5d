# ruff: noqa: E501
"""Bodies of any shape, of any size, and nested to any depth: refused in time, and in bounded memory."""

from __future__ import annotations

import gzip
import resource
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import Api, at
from tests.corpus.bodies import BODIES, RECORD
from tests.corpus.sharing import share

__all__ = ["at"]

_PATHS = (
    "/v1/records:batch", "/v1/lookup", "/v1/lookup:batch", "/v1/match", "/v1/search", "/v1/consents", "/v1/consents:check", "/v1/merges",
    "/v1/judgements", "/v1/unsubscribe", "/v1/exports",
)  # fmt: skip
_GROWTH = 200 * 1024
"""Kilobytes."""


@pytest.fixture
def lite(at: Callable[..., Api], sqlite_url: str) -> Api:
    return at(sqlite_url)


def send(api: Api, path: str, content: bytes, **headers: str) -> Any:
    sent = {**api.headers(), "Content-Type": "application/json", **headers}
    answer = api.http.post(path, content=content, headers=sent)
    assert answer.status_code < 500, (path, content[:100], answer.text)
    assert "Traceback" not in answer.text
    return answer


def test_a_body_is_answered_as_foreseen(lite: Api) -> None:
    found = [(body[:90], send(lite, "/v1/records", body).status_code, due) for body, due in BODIES]
    assert [each for each in found if each[1] not in each[2]] == []


@pytest.mark.parametrize("path", _PATHS)
def test_no_route_stumbles_over_a_body(lite: Api, path: str) -> None:
    for body, _ in share(BODIES, 5):
        answer = send(lite, path, body)
        assert answer.status_code in (200, 202, 400, 404, 409, 422)


@pytest.mark.parametrize("path", ["/v1/records", "/v1/match", "/v1/records:batch"])
def test_no_depth_of_nesting_is_one_too_many(lite: Api, path: str) -> None:
    for depth in (
        100,
        200,
        300,
        500,
        700,
        800,
        850,
        900,
        920,
        940,
        950,
        960,
        970,
        980,
        990,
        1_000,
        1_100,
        3_000,
    ):
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            nested = opening * depth + b"1" + closing * depth
            send(lite, path, nested)
            send(lite, path, RECORD[:-1] + b',"custom":' + nested + b"}")


@pytest.mark.parametrize(
    "kind",
    [
        "application/json; charset=utf-16",
        "text/plain",
        "application/xml",
        "multipart/form-data",
        "x",
        "application/x-www-form-urlencoded",
    ],
)
def test_what_calls_itself_something_else_is_no_harm(lite: Api, kind: str) -> None:
    assert send(lite, "/v1/records", RECORD, **{"Content-Type": kind}).status_code in (200, 400, 415, 422)


def test_what_is_too_large_is_refused_before_it_is_held(lite: Api) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for size in (4 * 2**20 + 1, 10 * 2**20, 40 * 2**20):
        content = b'{"source":"pos","source_record_id":"1","city":"' + b"x" * size + b'"}'
        assert send(lite, "/v1/records", content).status_code == 413
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < _GROWTH


def test_what_is_packed_is_not_unpacked(lite: Api) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    assert len(bomb) < 100_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in ("/v1/records", "/v1/records:batch"):
        assert send(lite, path, bomb, **{"Content-Encoding": "gzip"}).status_code in (400, 415, 422)
    headers = {**lite.headers(), "Content-Encoding": "gzip", "Content-Type": "application/x-ndjson"}
    assert lite.http.post("/v1/uploads?source=pos", content=bomb, headers=headers).status_code < 500
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < _GROWTH
