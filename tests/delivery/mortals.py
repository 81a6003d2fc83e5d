"""Processes that write events or deliver them, until they are killed."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from threading import Event as Stop
from typing import Any

from identity.bootstrap import SystemClock
from identity.delivery.relay import relay_until
from identity.store import Store

from .world import Log, courier_on, relay_on, told

__all__ = ["at_work", "delivering", "relaying", "writing"]


def writing(url: str, batches: int, subjects: int, pipe: Connection) -> None:
    """Write so many batches of events, a batch a transaction."""
    store = Store(url, patience=20)
    log = Log(store, SystemClock())
    pipe.send("ready")
    for _ in range(batches):
        log.many(25, subjects)
    store.close()
    pipe.send("done")


def relaying(url: str, server: str, pipe: Connection) -> None:
    """Carry the log to a stream. Whoever is killed has its lease for less than a second."""
    log = Log(Store(url, patience=20), SystemClock())
    room = relay_on(log, server, seconds=0.6, at_once=20, pause=0.005)
    pipe.send("ready")
    relay_until(room, Stop())


def delivering(url: str, address: str, pipe: Connection) -> None:
    """Deliver to a webhook."""
    log = Log(Store(url, patience=20), SystemClock())
    courier = courier_on(log, address, holder="mortal", seconds=1.0)
    pipe.send("ready")
    while True:
        told(courier)


@contextmanager
def at_work(target: Callable[..., None], *arguments: Any) -> Iterator[tuple[Any, Connection]]:
    """Start a process, wait until it is ready, and kill it in the end."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["identity.bootstrap", "tests.delivery.world"])
    heard, told = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(*arguments, told))
    process.start()
    told.close()
    try:
        assert heard.poll(30), "it did not start"
        assert heard.recv() == "ready"
        yield process, heard
    finally:
        process.kill()
        process.join()
        heard.close()
