"""The application: routes under /v1 behind the door, every refusal a problem."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

import anyio.to_thread
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from api import problems
from api.beside import Beside
from api.calls import Context
from api.claims import Claims
from api.contract import document
from api.deprecation import DEPRECATED, Deprecation, Notices
from api.door import Door
from api.limits import limits_at
from api.metrics import Metrics
from api.routes import (
    audit,
    consents,
    decisions,
    explain,
    feed,
    intake,
    jobs,
    lookup,
    operations,
    privacy,
    profiles,
    records,
)
from api.settings import ApiSettings
from api.stored import Stored
from api.tokens import Tokens
from identity.bootstrap import Service, SystemClock
from identity.model.errors import IdentityError
from identity.observing.personal import place_of
from identity.observing.web import telemetry

__all__ = ["create_app"]

_LOG = structlog.get_logger("identity.api")
# The hottest first: they are looked through in this order.
_PARTS = (
    *(lookup, records, profiles, consents, decisions, explain),
    *(feed, intake, jobs, privacy, audit, operations),
)


def create_app(
    service: Service,
    settings: ApiSettings | None = None,
    deprecated: Mapping[str, Deprecation] = DEPRECATED,
    besides: Mapping[str, ASGIApp] = MappingProxyType({}),
) -> FastAPI:
    """Return the application over one service. `deprecated` routes, by operation id, say that they are. `besides` are
    other applications, each by the address below which it answers."""
    settings = settings or ApiSettings()
    metrics = Metrics(Stored(service))
    app = FastAPI(
        title="Customer identity",
        version="1",
        summary="Golden profiles, lookups and merges for CDP, loyalty and channel systems.",
        redoc_url=None,
        lifespan=_lifespan(service, settings),
        redirect_slashes=False,  # an address is spelled one way; a redirect would be one more answer to document
        generate_unique_id_function=lambda route: route.name,
        telemetry=telemetry(),
    )
    app.openapi = document(app, deprecated)  # type: ignore[method-assign]
    app.state.context = Context(
        service,
        settings,
        Tokens(settings),
        limits_at(settings),
        metrics,
        Claims(service.store.requests(SystemClock())),
    )
    app.include_router(operations.public)
    for part in _PARTS:
        app.include_router(part.router, prefix="/v1")
    app.add_exception_handler(problems.Problem, problems.of_problem)
    app.add_exception_handler(IdentityError, problems.of_error)
    app.add_exception_handler(RequestValidationError, problems.of_validation)
    app.add_exception_handler(HTTPException, problems.of_http)
    app.add_exception_handler(Exception, _unforeseen)
    if deprecated:
        app.add_middleware(Notices, deprecated=deprecated)
    if besides:
        app.add_middleware(Beside, besides=besides)
    app.add_middleware(Door, settings=settings, metrics=metrics)
    return app


def _lifespan(service: Service, settings: ApiSettings):  # type: ignore[no-untyped-def]
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.threads
        yield
        if replica := vars(service).pop("replica", None):
            replica.close()
        await app.state.context.limits.close()

    return lifespan


async def _unforeseen(request: Request, error: Exception) -> Response:
    # Its text may quote what was sent: only where it happened is told.
    names = {name: request.scope.get(name) for name in ("request_id", "correlation_id")}
    _LOG.error("unforeseen", error=type(error).__name__, place=place_of(error), **names)
    return problems.problem_response(
        request, 500, "UNFORESEEN", "Something went wrong here.", "Tell us the request_id."
    )
