"""Running the application: one process, or several that share the port; with somebody who tidies up behind it, and an
office that delivers events."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.settings import ApiSettings, api_settings_from
from identity.bootstrap import Service, SystemClock, settings_from
from identity.commands.delivering import News
from identity.delivery.office import deliver_until
from identity.model.errors import IdentityError

__all__ = ["application", "log_as_json", "serve"]

_LOG = structlog.get_logger("identity.api")
_TIDY_SECONDS = 60.0
_LEAVE_SECONDS = 15.0
"""How long what is on its way is waited for: longer than a webhook may take to answer."""
_KEPT = timedelta(hours=48)
"""How long requests under a key are remembered, and sessions that nobody uses."""


def serve(
    service: Service,
    settings: ApiSettings,
    port: int,
    made: Callable[[Service, ApiSettings], FastAPI] = create_app,
    named: str = "api.serving:application",
) -> None:
    """Serve until stopped. Meanwhile threads of this process decide again what waits for it, and deliver events.

    What is served is `made` here, or by each of several processes from what is `named`.
    """
    log_as_json()
    stop = threading.Event()
    besides = [_tidy, *([_deliver] if service.settings.delivery.inline else [])]
    threads = [
        threading.Thread(target=each, args=(service, stop), name=each.__name__, daemon=True)
        for each in besides
    ]
    for thread in threads:
        thread.start()
    try:
        _run(service, settings, port, made, named)
    finally:
        stop.set()
        for thread in threads:
            thread.join(_LEAVE_SECONDS)


def _run(
    service: Service,
    settings: ApiSettings,
    port: int,
    made: Callable[[Service, ApiSettings], FastAPI],
    named: str,
) -> None:
    asked = {
        "host": settings.host, "port": port, "log_level": "warning", "access_log": False, "backlog": 512,
        "timeout_keep_alive": 30, "server_header": False, "timeout_graceful_shutdown": 10,
    }  # fmt: skip
    if settings.workers == 1:
        uvicorn.run(made(service, settings), **asked)  # type: ignore[arg-type]
        return
    os.environ["IDENTITY_RULES"] = str(Path(service.settings.rules).absolute())
    uvicorn.run(named, factory=True, workers=settings.workers, **asked)  # type: ignore[arg-type]


def application() -> FastAPI:
    """Return the application that the environment describes: what each of several processes runs."""
    log_as_json()
    return create_app(Service(settings_from(os.environ)), api_settings_from(os.environ))


def _tidy(service: Service, stop: threading.Event) -> None:
    requests = service.store.requests(SystemClock())
    stewards = service.store.stewards(SystemClock())
    while not stop.wait(_TIDY_SECONDS):
        try:
            service.redo(1_000)
            requests.forget(SystemClock().now() - _KEPT)
            stewards.forget_sessions(_KEPT)
        except IdentityError as error:
            _LOG.warning("not_tidied", code=error.code)


def _deliver(service: Service, stop: threading.Event) -> None:
    """Deliver events beside the requests; other processes may do so as well."""
    news = News(lambda told: _LOG.info("delivered", **told))
    deliver_until(service.office(), stop, news)


def log_as_json() -> None:
    """Write every line of the log as a JSON object."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
