"""The application: routes, problem details, the token, and faults in front when they are wanted."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from reference_loyalty import routes_members, routes_merges
from reference_loyalty.database import Database
from reference_loyalty.faults import Faults, FaultyApp
from reference_loyalty.options import Options
from reference_loyalty.platform import Platform
from reference_loyalty.problems import Problem
from reference_loyalty.webhooks import Courier

__all__ = ["create_app"]


def create_app(database: Path, options: Options | None = None, *, faults: bool = False) -> FastAPI:
    """Return the platform over a database file, which is made where there is none."""
    options = replace(options or Options(), faults=faults or (options or Options()).faults)
    platform = Platform(Database(database, options.clock), options)
    app = FastAPI(title="Reference loyalty platform", redoc_url=None, lifespan=_lifespan)
    app.state.platform = platform
    app.include_router(routes_members.router)
    app.include_router(routes_merges.router)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _no_route)
    if options.token:
        app.middleware("http")(_guarded(options.token))
    if options.faults:
        app.state.faults = Faults()
        app.include_router(routes_merges.admin)
        app.add_middleware(FaultyApp, faults=app.state.faults)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    platform: Platform = app.state.platform
    options = platform.options
    courier = None
    if options.webhook_url:
        courier = Courier(
            platform.database, options.webhook_url, options.webhook_secret, options.first_retry_seconds
        )
        courier.start()
    yield
    if courier:
        courier.stop()
    platform.database.close()


Proceed = Callable[[Request], Awaitable[Response]]


def _guarded(token: str) -> Callable[[Request, Proceed], Awaitable[Response]]:
    wanted = f"Bearer {token}".encode()

    async def guard(request: Request, proceed: Proceed) -> Response:
        told = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(told, wanted):
            return _problem(request, Problem("UNAUTHENTICATED", "Send it as a bearer token."))
        return await proceed(request)

    return guard


def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return JSONResponse(error.details(), error.status, media_type="application/problem+json")


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # Where it is wrong, not what was sent.
    places = sorted({".".join(map(str, problem["loc"])) for problem in error.errors()})
    return _problem(request, Problem("INVALID_REQUEST", "Look at these places.", places=places))


def _no_route(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _problem(request, Problem("NOT_FOUND", "There is nothing here."))
    return JSONResponse({"title": error.detail, "status": error.status_code}, error.status_code)
