"""Other people's systems on this machine, for as long as the demonstration wants them: each a process of its own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from identity.connectors.erp.settings import ErpSettings
from identity.connectors.remote import Remote, RemoteSettings, Unavailable

__all__ = ["Absent", "erp_server", "loyalty_platform"]

_PATIENCE = 30.0
_QUIET = subprocess.DEVNULL


class Absent(Exception):
    """The system cannot be had, and why."""


@contextmanager
def loyalty_platform(database: Path) -> Iterator[str]:
    """Run the reference loyalty platform; yield where it answers. Absent where it does not start."""
    port = _free_port()
    command = [sys.executable, "-m", "reference_loyalty", "--port", str(port), "--database", str(database)]
    with subprocess.Popen(command, stdin=_QUIET, stdout=_QUIET, stderr=_QUIET) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _await(process, url)
            yield url
        finally:
            process.terminate()


@contextmanager
def erp_server() -> Iterator[ErpSettings]:
    """Run Tryton where it is installed; yield how it is reached. Absent where it is not."""
    command = [sys.executable, "-m", "erp", "serve", "--installed"]
    with subprocess.Popen(command, stdin=_QUIET, stdout=subprocess.PIPE, stderr=_QUIET, text=True) as process:
        try:
            assert process.stdout is not None
            told = process.stdout.readline()
            if not told:
                raise Absent("Tryton is not installed: `make demo-erp` installs it, once, and shows it.")
            yield ErpSettings(**json.loads(told))
        finally:
            process.terminate()


def _await(process: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + _PATIENCE
    with Remote(RemoteSettings(url, "the loyalty platform", timeout_seconds=2)) as remote:
        while time.monotonic() < until and process.poll() is None:
            try:
                remote.call("GET", "/v1/capabilities")
            except Unavailable:
                time.sleep(0.05)
            else:
                return
    raise Absent("The reference loyalty platform does not start.")


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
