"""Running the application: one process, or several that share the port; with somebody who tidies up behind it, and an
office that delivers events, and one that works off jobs."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from api.app import create_app
from api.settings import ApiSettings, api_settings_from
from identity.bootstrap import Service, SystemClock, settings_from
from identity.commands.delivering import News
from identity.commands.work_off import spool_of, work_until
from identity.delivery.office import deliver_until
from identity.model.errors import IdentityError, RulesError
from identity.observing import observe
from identity.workbench import forget_spills

__all__ = ["application", "config_of", "listen", "log_as_json", "serve"]

_LOG = structlog.get_logger("identity.api")
_TIDY_SECONDS = 60.0
_LEAVE_SECONDS = 15.0
"""How long what is on its way is waited for: longer than a webhook may take to answer."""
_KEPT = timedelta(hours=48)
"""How long requests under a key, files, and sessions that nobody uses are kept."""


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
    besides += [_work] if service.settings.inline_jobs else []
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
    os.environ["IDENTITY_RULES"] = str(Path(service.settings.rules).absolute())
    listen(named if settings.workers > 1 else made(service, settings), settings, port)


def listen(app: FastAPI | str, settings: ApiSettings, port: int) -> None:
    """Serve an application, or in several processes what its name (module:function) makes, until stopped."""
    config = config_of(app, settings)
    server = uvicorn.Server(config)
    if threading.current_thread() is threading.main_thread():
        # Raised again when all is answered, it would end this process before what goes on beside it has ended.
        signal.signal(signal.SIGTERM, lambda *_: None)
    with _listening(settings.host, port) as sock:
        if settings.workers == 1:
            server.run([sock])
        else:
            Multiprocess(config, [sock]).run()


def config_of(app: Any, settings: ApiSettings) -> uvicorn.Config:
    """Return how an application is served. Who asks is who the connection comes from, but for trusted proxies."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=settings.workers,
        # What uvicorn says goes into our log, by its kind: on its own it would write errors with their texts.
        log_config=None,
        access_log=False,
        backlog=512,
        timeout_keep_alive=30,
        server_header=False,
        timeout_graceful_shutdown=10,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
    )


def _listening(host: str, port: int) -> socket.socket:
    """Open the socket that all processes share. Without TCP_NODELAY, which those it accepts inherit, an answer of two
    packets waits 40 ms for the first one to be acknowledged."""
    family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind(place)
        sock.set_inheritable(True)
    except OSError as problem:
        sock.close()
        raise RulesError(
            "E143",
            f"Port {port} of {host} cannot be listened on: {problem.strerror}.",
            "Choose another with --port.",
        ) from None
    return sock


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
            spool_of(service).forget(_KEPT)
            forget_spills()
            service.anchors.flush()
            stewards.forget_sessions(_KEPT)
        except IdentityError as error:
            _LOG.warning("not_tidied", code=error.code)


def _deliver(service: Service, stop: threading.Event) -> None:
    """Deliver events beside the requests; other processes may do so as well."""
    news = News(lambda told: _LOG.info("delivered", **told))
    deliver_until(service.office(), stop, news)


def _work(service: Service, stop: threading.Event) -> None:
    """Work off files that came in and exports that were asked for; other processes may do so as well."""
    work_until(service, stop)


def log_as_json() -> None:
    """Begin to log and to trace as the environment says; counts of this process stand at /metrics."""
    observe("api", os.environ)
