"""Who may do what, how often it is done, and what is never told."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import anyio
import pytest
import redis
import structlog

from api.messages import SIGNATURES
from api.scopes import Scope
from api.settings import api_settings_from
from api.tokens import issue
from identity.model.errors import RulesError
from tests.api.conftest import Api
from tests.api.test_routes import BERT, INES, two
from tests.jobs.redis import redis_server
from tests.observing.lines import Lines, logged

__all__ = ["logged"]

PUBLIC = {"/healthz", "/readyz", "/metrics"}
SIGNED = {"/v1/intake/shopify/{source}", "/v1/intake/loyalty/{source}"}
"""Messages: who sends them is known by a signature, and no token lets anybody in."""


def operations(api: Api) -> list[tuple[str, str, dict[str, Any]]]:
    document = api.app.openapi()
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def declared(operation: dict[str, Any]) -> list[str]:
    return [scope for needs in operation.get("security", []) for scopes in needs.values() for scope in scopes]


def ask(api: Api, method: str, path: str, headers: dict[str, str]) -> int:
    filled = path
    for name in (
        *("golden_id", "operation_id", "source_record_id", "source"),
        *("run_id", "job_id", "request_id", "fact_id"),
    ):
        filled = filled.replace(f"{{{name}}}", "x").replace(f"{{{name}:path}}", "x")
    return int(api.http.request(method, filled, headers=headers, json={}).status_code)


def is_signed(operation: dict[str, Any]) -> bool:
    """Its callers sign what they send, each by one of the declared ways, and need no token."""
    ways = [name for needs in operation.get("security", []) for name in needs]
    return bool(ways) and set(ways) <= set(SIGNATURES)


def test_every_route_needs_a_scope_and_is_refused_without_it(lite: Api) -> None:
    undeclared = {path for _, path, each in operations(lite) if path not in PUBLIC and not declared(each)}
    assert undeclared == SIGNED
    assert {path for _, path, each in operations(lite) if is_signed(each)} == SIGNED
    every = {scope.value for scope in Scope}
    for method, path, operation in operations(lite):
        if path in PUBLIC:
            continue
        if path in SIGNED:
            assert ask(lite, method, path, {}) == 401, path
            assert ask(lite, method, path, lite.headers(*every)) == 401, path
            continue
        needed = set(declared(operation))
        assert ask(lite, method, path, {}) == 401, path
        assert ask(lite, method, path, {"Authorization": "Bearer nonsense"}) == 401, path
        assert ask(lite, method, path, lite.headers(*(every - needed))) == 403, path
        assert ask(lite, method, path, lite.headers(*needed)) not in (401, 403), path


def test_every_scope_is_needed_somewhere_and_explained(lite: Api) -> None:
    used = {scope for _, _, operation in operations(lite) for scope in declared(operation)}
    unused = {scope for scope in Scope if scope.value not in used and not scope.value.startswith("purpose:")}
    assert unused == set()
    assert all(scope.meaning for scope in Scope)
    assert {path for _, path, _ in operations(lite)} >= PUBLIC


def test_tokens_of_others_of_yesterday_and_for_elsewhere_are_refused(lite: Api, tmp_path: Any) -> None:
    from dataclasses import replace

    settings = lite.settings
    wrong = (
        issue(replace(settings, signing_key=tmp_path / "other.json"), "shop", ["lookup"], 600),
        issue(replace(settings, audience="elsewhere"), "shop", ["lookup"], 600),
        issue(replace(settings, issuer="urn:somebody"), "shop", ["lookup"], 600),
        issue(settings, "shop", ["lookup"], -120),
        issue(settings, "", ["lookup"], 600),
    )
    for token in wrong:
        answer = lite.http.post("/v1/lookup", json={}, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")


def test_a_key_whose_owner_alone_may_read_it_is_made_once(lite: Api) -> None:
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: issue(lite.settings, "shop", ["lookup"], 600), range(16)))
    assert lite.settings.signing_key.stat().st_mode & 0o777 == 0o600
    for token in tokens:
        answer = lite.http.post("/v1/lookup", json={}, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 422


def test_thirty_two_who_try_one_key_at_once_carry_it_out_once(at: Callable[..., Api], url: str) -> None:
    api = at(url, threads=40)
    ines, bert = two(api)
    together, body = Barrier(32), {"profile_ids": [ines, bert], "reason": "once"}
    headers = api.headers(**{"Idempotency-Key": "merge-1"})

    def attempt(_: int) -> Any:
        together.wait()
        return api.http.post("/v1/merges", json=body, headers=headers)

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(attempt, range(32)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert len(api.service.store.views.operations()) == 1
    other = api.post("/v1/merges", {**body, "reason": "other"}, **{"Idempotency-Key": "merge-1"})
    assert (other.status_code, other.json()["code"]) == (409, "KEY_USED")
    theirs = api.http.post(
        "/v1/merges", json=body, headers={**api.headers(client="crm"), "Idempotency-Key": "merge-1"}
    )
    assert theirs.json()["code"] == "NOT_LIVE"


def test_a_refusal_under_a_key_is_repeated_as_it_was(api: Api) -> None:
    body = {"profile_ids": ["nobody", "no-one"]}
    first = api.post("/v1/merges", body, **{"Idempotency-Key": "k"})
    second = api.post("/v1/merges", body, **{"Idempotency-Key": "k"})
    assert (first.status_code, second.status_code) == (404, 404)
    assert first.content == second.content


def test_what_a_killed_attempt_has_done_is_not_done_again(api: Api) -> None:
    """A merge is committed, and its server is gone before the answer is kept."""
    ines, bert = two(api)
    context, body = api.app.state.context, {"profile_ids": [ines, bert]}
    finish = type(context.requests).finish
    try:
        type(context.requests).finish = lambda *_: None  # the answer is lost
        first = api.post("/v1/merges", body, **{"Idempotency-Key": "k"})
    finally:
        type(context.requests).finish = finish
    with api.service.store._database.write() as connection:  # and the claim runs out
        from identity.store.dialect import Statement

        connection.execute(Statement("UPDATE idempotency SET held_until = begun_at").of())
    second = api.post("/v1/merges", body, **{"Idempotency-Key": "k"})
    assert (second.status_code, second.json()) == (200, first.json())
    assert len(api.service.store.views.operations()) == 1


def test_names_of_requests_are_kept_returned_and_carried_into_events(lite: Api) -> None:
    ids = {"X-Request-ID": "r-1", "X-Correlation-ID": "order:77"}
    answer = lite.post("/v1/records", {"source": "pos", "source_record_id": "1", **INES}, **ids)
    assert (answer.headers["x-request-id"], answer.headers["x-correlation-id"]) == ("r-1", "order:77")
    (event,) = lite.service.store.views.events()
    assert event.correlation_id == "order:77"
    bad = lite.get("/v1/events", **{"X-Correlation-ID": "ines@example.com"})
    assert (bad.status_code, bad.json()["code"]) == (400, "INVALID_REQUEST")


def test_too_much_is_turned_away(at: Callable[..., Api], sqlite_url: str) -> None:
    api = at(sqlite_url, body_limit=2_000, lookup_quota="3/day")
    large = api.post("/v1/records", {"source": "pos", "source_record_id": "1", "city": "x" * 3_000})
    assert (large.status_code, large.json()["code"]) == (413, "TOO_LARGE")
    chunked = api.http.post("/v1/records", content=iter([b"x" * 1_500] * 2), headers=api.headers())
    assert chunked.status_code == 413
    keys = {"keys": [{"email": f"{n}@example.com"} for n in range(3)]}
    assert api.post("/v1/lookup:batch", keys).status_code == 200
    over = api.post("/v1/lookup", {"email": "x@example.com"})
    assert (over.status_code, over.json()["code"]) == (429, "QUOTA_EXHAUSTED")
    assert int(over.headers["retry-after"]) > 60
    other = api.http.post("/v1/lookup", json={"email": "x@example.com"}, headers=api.headers(client="crm"))
    assert other.status_code == 404


def test_more_than_can_be_worked_on_is_shed(at: Callable[..., Api], sqlite_url: str) -> None:
    api = at(sqlite_url, most_at_once=0)
    answer = api.get("/v1/events")
    assert (answer.status_code, answer.json()["code"]) == (503, "OVERLOADED")
    assert answer.headers["retry-after"] == "1"
    assert api.http.get("/healthz").status_code == 200


def test_health_is_told_also_while_too_much_is_asked(at: Callable[..., Api], sqlite_url: str) -> None:
    app, statuses = at(sqlite_url, most_at_once=0).app, list[int]()

    async def ask(path: str, meanwhile: Callable[[], Awaitable[None]]) -> None:
        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                await meanwhile()  # the request is still inside
                statuses.append(message["status"])

        scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
        await app(scope, nothing_more, send)

    async def nothing_more() -> Any:
        return {"type": "http.request", "body": b""}

    async def nothing() -> None:
        pass

    anyio.run(ask, "/v1/events", lambda: ask("/healthz", nothing))
    assert statuses == [200, 503]


@pytest.mark.parametrize(
    "environment",
    [
        {"IDENTITY_MODE": "production"},
        {"IDENTITY_HOST": "0.0.0.0"},
        {
            "IDENTITY_MODE": "production",
            "IDENTITY_ISSUER": "x",
            "IDENTITY_INDEX_SECRET": "y",
            "IDENTITY_JWKS": "k.json",
        },
        {
            "IDENTITY_MODE": "production",
            "IDENTITY_ISSUER": "x",
            "IDENTITY_INDEX_SECRET": "y",
            "IDENTITY_DATABASE_URL": "z",
            "IDENTITY_JWKS": "k.json",
        },
    ],
)
def test_what_is_not_safe_does_not_start(environment: dict[str, str]) -> None:
    with pytest.raises(RulesError) as refusal:
        api_settings_from(environment)
    assert refusal.value.code == "E140"


@pytest.fixture
def counting() -> Iterator[str]:
    """A Redis that requests are counted in."""
    with redis_server() as address:
        yield address


def everything_in(address: str) -> str:
    client = redis.Redis.from_url(address)
    told = [(key, client.dump(key)) for key in client.scan_iter("*")]
    client.close()
    assert told, "requests were counted there"
    return str(told)


def broken(word: str) -> None:
    """It has a library complain, and fails; both quote what was sent."""
    logging.getLogger("a.library").error("Could not parse %r", word)
    raise RuntimeError(word)


def test_nothing_personal_is_told_where_it_does_not_belong(
    at: Callable[..., Api],
    sqlite_url: str,
    counting: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    logged: Callable[..., Lines],
) -> None:
    caplog.set_level(logging.DEBUG)
    lite, lines = at(sqlite_url, limits_url=counting), logged("api", "debug")
    lite.app.add_api_route("/v1/broken/{word}", broken)
    canaries = [f"Kanari{n}vogel" for n in range(100)]
    told, others = [], lite.headers(client="other")
    for n, word in enumerate(canaries):
        body = {
            "source": "pos",
            "source_record_id": str(n),
            "family_name": word,
            "email": f"{word}@example.com",
        }
        wrong: list[Any] = [
            {**body, word: word},
            {**body, "observed_at": word},
            {**body, "consents": {f"marketing.{word}": {"status": word}}},
            {**body, "custom": {word: word}},
            {**body, "family_name": f"{word}\0"},
            [word],
        ]
        path = ("/v1/records", "/v1/lookup", "/v1/match", "/v1/merges", "/v1/judgements", "/v1/search")[n % 6]
        told += [lite.http.post(path, json=each, headers=others) for each in wrong]
        told.append(lite.http.post(path, content=f'{{"email": "{word}"'.encode(), headers=others))
        told.append(lite.http.get(f"/v1/profiles/{word}?as_of={word}", headers=others))
        told.append(lite.http.get(f"/{word}", headers=others))
        told.append(lite.http.get(f"/v1/profiles/{word}", headers=others))
        told.append(lite.post("/v1/lookup", {"email": f"x{word}@example.com"}))
        if n % 10 == 1:
            failed = lite.get(f"/v1/broken/{word}")
            assert (failed.status_code, word in failed.text) == (500, False)
        if n % 10 == 0:
            assert lite.post("/v1/records", body).status_code == 200
            assert lite.post("/v1/lookup", {"email": f"{word}@example.com"}).status_code == 200
    captured = capsys.readouterr()
    ours = [
        record.getMessage() for record in caplog.records if not record.name.startswith(("http", "a.library"))
    ]  # not the client
    written = lines()
    assert {line["event"] for line in written} >= {"request", "unforeseen", "Could not parse %r"}
    assert {"process", "correlation_id", "request_id"} <= set.intersection(
        *({*line} for line in written if line["event"] in ("request", "unforeseen"))
    )
    places = [*(answer.text for answer in told), *ours, captured.out, captured.err, str(written)]
    places += [lite.http.get("/metrics").text, str(lite.get("/v1/events?limit=1000").json())]
    places.append(everything_in(counting))
    assert all(answer.status_code < 500 for answer in told)
    assert [place[:300] for place in places if "kanari" in place.lower()] == []
    assert [word for word in canaries if any(word.lower() in place.lower() for place in places)] == []


def test_what_nobody_foresaw_is_a_problem_too(lite: Api) -> None:
    def broken() -> None:
        raise RuntimeError("ines@example.com")

    lite.app.add_api_route("/v1/broken", broken)
    with structlog.testing.capture_logs() as logged:
        answer = lite.http.get("/v1/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "UNFORESEEN")
    assert "ines@example.com" not in answer.text + str(logged)
    assert BERT["email"] not in str(logged)
