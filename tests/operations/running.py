"""The lines of the Procfile, each a process of its own, until each is asked to end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .alike import ROOT, procfile

__all__ = ["LONG", "Processes", "free_port", "processes", "production", "until"]

LONG = 45.0
_PATIENCE = {"worker": 60.0}
_USUAL = 30.0
"""How long a process may take to end: what docker-compose.yml gives it."""


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(happened: Callable[[], object], what: str) -> None:
    end = time.monotonic() + LONG
    while not happened():
        assert time.monotonic() < end, f"in {LONG:g} s it did not happen: {what}"
        time.sleep(0.1)


@dataclass
class Processes:
    """What runs. Each writes what it says into a file of its name, and has a pulse of its own."""

    folder: Path
    environment: Mapping[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, name: str) -> int:
        """Carry out a line that ends by itself; return its exit code."""
        return self._begin(name).wait(LONG)

    def start(self, name: str) -> None:
        self.running[name] = self._begin(name)

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def pulse(self, name: str) -> Path:
        return self.folder / f"{name}.pulse"

    def alive(self, name: str) -> bool:
        """Whether it goes on, and its pulse has beaten since it began."""
        gone = self.running[name].poll()
        assert gone is None, f"{name} ended with {gone}: {self.said(name)[-2000:]}"
        return self.pulse(name).exists()

    def stop(self) -> dict[str, tuple[int, float]]:
        """Ask all to end at once, as an orchestrator does; return exit codes, and how long each took."""
        begun = time.monotonic()
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        ended = {}
        for name, process in self.running.items():
            left = begun + _PATIENCE.get(name, _USUAL) - time.monotonic()
            ended[name] = (process.wait(max(left, 0.1)), time.monotonic() - begun)
        self.running.clear()
        return ended

    def kill(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _begin(self, name: str) -> subprocess.Popen[bytes]:
        told = {**self.environment, "IDENTITY_PULSE": str(self.pulse(name))}
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                procfile()[name],
                cwd=self.folder,
                env=told,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def production(folder: Path, database: str, server: str, loyalty: int) -> dict[str, str]:
    """Return what processes are told in production: a database, a Redis server (an address without the number of a
    database), a loyalty platform's port. Secrets are files in the folder."""
    secrets = folder / "secrets"
    secrets.mkdir(exist_ok=True)
    for name in ("index", "audit", "loyalty", "erp"):
        (secrets / name).write_text(f"{name}-secret-of-this-run-and-long\n")
    return {
        "IDENTITY_MODE": "production",
        "IDENTITY_PORT": str(free_port()),
        "IDENTITY_ISSUER": "urn:test",
        "IDENTITY_SIGNING_KEY_FILE": str(folder / "signing-key.json"),
        "IDENTITY_INLINE_DELIVERY": "0",
        "IDENTITY_INLINE_JOBS": "0",
        "IDENTITY_DATABASE_URL": database,
        "IDENTITY_REDIS_URL": f"{server}/0",
        "IDENTITY_BROKER_URL": f"{server}/1",
        "IDENTITY_LIMITS_URL": f"{server}/2",
        "IDENTITY_INDEX_SECRET_FILE": str(secrets / "index"),
        "IDENTITY_AUDIT_KEY_FILE": str(secrets / "audit"),
        "IDENTITY_LOYALTY_URL": f"http://127.0.0.1:{loyalty}",
        "IDENTITY_LOYALTY_TOKEN_FILE": str(secrets / "loyalty"),
        "LOYALTY_TOKEN_FILE": str(secrets / "loyalty"),
        "LOYALTY_PORT": str(loyalty),
        "IDENTITY_CONNECTIONS": "8",
        "IDENTITY_API_THREADS": "4",
    }


@contextmanager
def processes(folder: Path, environment: Mapping[str, str]) -> Iterator[Processes]:
    """Run lines of the Procfile in this folder, told nothing but this. Who is left at the end is killed."""
    programs = Path(sys.executable).parent
    bare = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    found = Processes(folder, {**bare, **environment})
    try:
        yield found
    finally:
        found.kill()
