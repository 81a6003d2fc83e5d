"""The screen over one service: an application of its own below /review."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from identity.bootstrap import Service
from stewardship import (
    accounts,
    deciding,
    login,
    mending,
    profiles,
    quality,
    queue,
    running,
    search,
    systems,
    tasks,
)
from stewardship.places import Place, routes
from stewardship.settings import ScreenSettings
from stewardship.throttle import throttle_at
from stewardship.visit import ROOT, Screen, address
from stewardship.words import FILTERS

__all__ = ["PLACES", "create_screen"]

_LOG = structlog.get_logger("identity.review")
PLACES: tuple[Place, ...] = tuple(
    place
    for part in (
        login,
        queue,
        tasks,
        deciding,
        search,
        profiles,
        running,
        systems,
        mending,
        quality,
        accounts,
    )
    for place in part.PLACES
)
_STATIC = Path(__file__).parent / "static"
_SERVED = {path.name: path for path in _STATIC.iterdir() if path.suffix in (".css", ".js", ".svg")}
_HEADERS = {
    b"content-security-policy": b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    b" connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    # Forms say where they come from, to this host only.
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
}


def create_screen(service: Service, settings: ScreenSettings | None = None) -> Starlette:
    """Return the screen. It answers everything below /review, and nothing else."""
    settings = settings or ScreenSettings()
    screen = Screen(service, settings, _templates(), throttle_at(settings.limits_url))
    static = Route(f"{ROOT}/static/{{name}}", _static, methods=["GET"])
    handlers: dict[Any, Any] = {HTTPException: _refused(screen), Exception: _refused(screen)}
    app = Starlette(routes=[static, *routes(screen, PLACES)], exception_handlers=handlers)
    app.add_middleware(_Headers)
    return app


def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("stewardship"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    made.filters.update(FILTERS)
    made.globals.update(address=address, version=_version())
    return made


def _version() -> str:
    """Return what changes with what is served for good."""
    return str(max(round(path.stat().st_mtime) for path in _SERVED.values()))


async def _static(request: Request) -> Response:
    request.scope["place"] = f"{ROOT}/static"
    path = _SERVED.get(request.path_params["name"])
    if path is None:
        raise HTTPException(404)
    return FileResponse(path, headers={"cache-control": "public, max-age=31536000, immutable"})


_WORDS = {
    404: ("There is nothing here.", "Go back to the queue."),
    405: ("This cannot be done here.", "Go back to the queue."),
    408: ("It did not arrive in time.", "Try again."),
    413: ("That is too large.", "Choose less."),
}


def _refused(screen: Screen) -> Any:
    async def refused(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 500:
            # Its text may quote what was sent: only what it is is told.
            _LOG.error("unforeseen", error=type(error).__name__)
        title, remedy = _WORDS.get(
            status, ("Something went wrong here.", "Tell who runs this service when it was.")
        )
        text = screen.templates.get_template("outside.html").render(title=title, remedy=remedy)
        return Response(text, status, media_type="text/html; charset=utf-8")

    return refused


class _Headers:
    """Puts on every answer what browsers are to keep to."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                known = {name for name, _ in message["headers"]}
                message["headers"] += [pair for pair in _HEADERS.items() if pair[0] not in known]
            await send(message)

        await self._app(scope, receive, sent)
