"""Processes with short leases, which are stopped past them and go on: nobody may notice that they are back."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from identity.bootstrap import Service
from identity.commands import ingest
from identity.commands import work_off as working
from identity.model.errors import StoreError
from tests.faults.grounds import settings_at

__all__ = ["SILENT", "stopped", "working_off"]

SILENT = 1.0
"""Seconds after which a worker of jobs is taken for dead here."""


def working_off(url: str, folder: Path, pipe: Connection) -> None:
    """Work jobs off, a few records at a time."""
    working.SILENT, working._BEAT_SECONDS = timedelta(seconds=SILENT), 0.2
    ingest._AT_ONCE = 20
    service = Service(settings_at(url, folder))
    assert service.desk
    pipe.send("ready")
    while True:
        with suppress(
            StoreError
        ):  # whoever is stopped may hold locks: they are waited for, and asked for again
            working.work_off(service)


@contextmanager
def stopped(process: BaseProcess) -> Iterator[None]:
    """Have a process stand still, with all that it holds, until the block ends."""
    assert process.pid
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)
