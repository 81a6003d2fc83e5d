"""Running the application: one process, or several that share the port; with somebody who tidies up behind it."""

from __future__ import annotations

import logging
import os
import threading
from datetime import timedelta
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.settings import ApiSettings, api_settings_from
from identity.bootstrap import Service, SystemClock, settings_from
from identity.model.errors import IdentityError

__all__ = ["application", "serve"]

_LOG = structlog.get_logger("identity.api")
_TIDY_SECONDS = 60.0
_KEPT = timedelta(hours=48)
"""How long requests under a key are remembered."""


def serve(service: Service, settings: ApiSettings, port: int) -> None:
    """Serve until stopped. What waits to be decided again is decided meanwhile, by one thread of this process."""
    _log_as_json()
    stop = threading.Event()
    tidier = threading.Thread(target=_tidy, args=(service, stop), daemon=True)
    tidier.start()
    try:
        _run(service, settings, port)
    finally:
        stop.set()
        tidier.join(5)


def _run(service: Service, settings: ApiSettings, port: int) -> None:
    asked = {
        "host": settings.host, "port": port, "log_level": "warning", "access_log": False, "backlog": 512,
        "timeout_keep_alive": 30, "server_header": False, "timeout_graceful_shutdown": 10,
    }  # fmt: skip
    if settings.workers == 1:
        uvicorn.run(create_app(service, settings), **asked)  # type: ignore[arg-type]
        return
    os.environ["IDENTITY_RULES"] = str(Path(service.settings.rules).absolute())
    uvicorn.run("api.serving:application", factory=True, workers=settings.workers, **asked)  # type: ignore[arg-type]


def application() -> FastAPI:
    """Return the application that the environment describes: what each of several processes runs."""
    _log_as_json()
    return create_app(Service(settings_from(os.environ)), api_settings_from(os.environ))


def _tidy(service: Service, stop: threading.Event) -> None:
    requests = service.store.requests(SystemClock())
    while not stop.wait(_TIDY_SECONDS):
        try:
            service.redo(1_000)
            requests.forget(SystemClock().now() - _KEPT)
        except IdentityError as error:
            _LOG.warning("not_tidied", code=error.code)


def _log_as_json() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
