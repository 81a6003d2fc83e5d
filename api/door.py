"""What every request passes: names for it, a size, a time, a place among those worked on; then a line in the log."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, reset_contextvars

from api.metrics import Metrics
from api.problems import problem_response
from api.settings import ApiSettings
from identity.ids import new_id
from identity.observing.traces import named

__all__ = ["Door"]

_LOG = structlog.get_logger("identity.api")
_NAME = re.compile(r"[A-Za-z0-9._:/-]{1,128}")
_UPLOADS = "/v1/uploads"
_UNCOUNTED = ("/healthz", "/readyz", "/metrics")
_HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=31536000",
}
_PAGES = ("/docs",)
_ALWAYS = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
_ON_PAGES = [each for each in _ALWAYS if each[0] != b"content-security-policy"]


class Door:
    """Middleware, written for ASGI itself: it stands before every lookup."""

    def __init__(self, app: ASGIApp, settings: ApiSettings, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._inside = 0
        self._places: dict[Any, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = _Visit(scope, send)
        bound = bind_contextvars(request_id=scope["request_id"], correlation_id=scope["correlation_id"])
        counted = scope["path"] not in _UNCOUNTED
        self._inside += counted
        self._metrics.inside(self._inside)
        try:
            if (refused := self._refused(scope, visit, counted)) is not None:
                await refused(scope, receive, visit.send)
            else:
                await self._app(scope, self._measured(scope, receive), visit.send)
        finally:
            self._inside -= counted
            self._metrics.inside(self._inside)
            self._tell(scope, visit)
            reset_contextvars(**bound)

    def _refused(self, scope: Scope, visit: _Visit, counted: bool) -> Any:
        if not visit.named:
            return problem_response(
                Request(scope), 400, "INVALID_REQUEST", "X-Request-ID or X-Correlation-ID is no name.",
                "Use up to 128 letters, digits and . _ : / -",
            )  # fmt: skip
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            return problem_response(
                Request(scope),
                400,
                "INVALID_REQUEST",
                "No address has a NUL in it.",
                "Nothing that is stored has one.",
            )
        if counted and self._inside > self._settings.most_at_once:
            self._metrics.shed()
            return problem_response(
                Request(scope), 503, "OVERLOADED", "Too much is asked at once.", "Try again."
            )
        length = visit.headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._limit(scope):
            return problem_response(
                Request(scope), 413, "TOO_LARGE", "The request is too large.", "Send it in parts."
            )
        return None

    def _limit(self, scope: Scope) -> int:
        if scope["path"].startswith("/v1/intake/"):
            return self._settings.intake_limit
        return self._settings.upload_limit if scope["path"] == _UPLOADS else self._settings.body_limit

    def _patience(self, scope: Scope) -> float:
        return self._settings.upload_seconds if scope["path"] == _UPLOADS else self._settings.body_seconds

    def _measured(self, scope: Scope, receive: Receive) -> Receive:
        """Return `receive` under a limit of bytes and of seconds; what was received is summed up for repeats."""
        limit, until = self._limit(scope), asyncio.get_running_loop().time() + self._patience(scope)
        arrived, digest = 0, hashlib.blake2b(digest_size=16)
        scope["body_digest"] = digest
        ended = False

        async def measured() -> Message:
            nonlocal arrived, ended
            if ended:
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408) from None
            body = message.get("body", b"")
            arrived += len(body)
            digest.update(body)
            ended = not message.get("more_body", False)
            if arrived > limit:
                raise HTTPException(413)
            return message

        return measured

    def _tell(self, scope: Scope, visit: _Visit) -> None:
        seconds = time.perf_counter() - visit.began
        place = self._place(scope)
        self._metrics.answered(scope["method"], place, visit.status, seconds)
        _LOG.info(
            "request",
            method=scope["method"] if scope["method"].isalpha() else "?",
            route=place,
            status=visit.status,
            ms=round(seconds * 1000, 2),
            client=scope.get("client_name"),
            **scope.get("told", {}),
        )

    def _place(self, scope: Scope) -> str:
        """Return the pattern, not the address: an address that nobody knows may hold anything."""
        if "place" in scope:  # an application beside this one says it itself
            named(f"{scope['method']} {scope['place']}")
            return str(scope["place"])
        endpoint = scope.get("endpoint")
        if endpoint is not None and endpoint not in self._places:
            # A route itself knows its address below the router it stands in only.
            self._places = {
                context.endpoint: str(context.path_format)
                for context in iter_route_contexts(scope["app"].routes)
            }
        return self._places.get(endpoint, "(none)")


class _Visit:
    """One request from its first byte to its answer's headers."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.headers = dict(reversed(scope["headers"]))  # the first of a name counts
        self.began = time.perf_counter()
        self.status = 499
        self._send = send
        told = {name: self._header(name) for name in ("request", "correlation")}
        self.named = all(name is None or _NAME.fullmatch(name) for name in told.values())
        request_id = (told["request"] if self.named else None) or new_id()
        scope["request_id"] = request_id
        scope["correlation_id"] = (told["correlation"] if self.named else None) or request_id
        self._added = [
            *(_ON_PAGES if scope["path"].startswith(_PAGES) else _ALWAYS),
            (b"x-request-id", request_id.encode()),
            (b"x-correlation-id", scope["correlation_id"].encode()),
        ]

    def _header(self, name: str) -> str | None:
        value = self.headers.get(f"x-{name}-id".encode())
        return None if value is None else value.decode("latin-1")

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            told = message.get("headers", [])
            there = {name for name, _ in told}
            message["headers"] = [*told, *(each for each in self._added if each[0] not in there)]
        await self._send(message)
