"""A PostgreSQL and a Redis that can be killed, frozen and started again, on the same data and the same address."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.databases import postgresql_programs
from tests.jobs.redis import redis_program
from tests.operations.running import free_port

__all__ = ["Postgres", "Redis"]

_LONG = 60.0
_OTHERS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class _Server:
    """One program in a session of its own. Its number stands in a file, for who ends it when this process cannot."""

    def __init__(self, folder: Path, pids: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._pid = pids / folder.name
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(mode=0o700)

    def _run(self, command: list[str], **options: Any) -> None:
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, **options
            )
        self._pid.write_text(str(self._process.pid))

    def said(self) -> str:
        """Return what it wrote into its log."""
        return (self.folder.parent / f"{self.folder.name}.log").read_text(errors="replace")

    def _processes(self) -> list[int]:
        return [self._process.pid] if self._process else []

    def kill(self) -> None:
        """kill -9: the program and all that it started, at one moment."""
        # Stopped first: one that is killed after another would see it go, and say so to its clients.
        _signal(self._processes(), signal.SIGSTOP)
        _signal(self._processes(), signal.SIGKILL)
        if self._process:
            self._process.wait(_LONG)
        self._process = None
        self._pid.unlink(missing_ok=True)

    def freeze(self) -> None:
        """SIGSTOP: connections stay open, and nobody answers."""
        _signal(self._processes(), signal.SIGSTOP)

    def thaw(self) -> None:
        _signal(self._processes(), signal.SIGCONT)


class Postgres(_Server):
    """A server of its own, with fsync on: what it said is stored is there after kill -9."""

    def __init__(self, folder: Path, pids: Path) -> None:
        super().__init__(folder, pids)
        self._programs = postgresql_programs()
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:  # which PostgreSQL refuses to run as
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        given = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        subprocess.run(
            [self._programs / "initdb", "-D", folder / "data", *given],
            check=True,
            capture_output=True,
            cwd=folder,
            **self._user,
        )

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/identity"

    def start(self, *, wait: bool = True) -> None:
        """Start it, on what it had; with `wait` until it takes connections, recovery behind it."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 200,
            "max_locks_per_transaction": 256,
            "timezone": "Asia/Kathmandu",
        }
        told = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), *told]
        self._run(command, cwd=self.folder, **self._user)
        if wait:
            _await(self.answers, "PostgreSQL", self.said)

    def create(self) -> None:
        """Make the database of the service."""
        with psycopg.connect(self._administrative, autocommit=True) as connection:
            connection.execute("CREATE DATABASE identity TEMPLATE template0")

    @property
    def _administrative(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres?connect_timeout=2"

    def answers(self) -> bool:
        with suppress(psycopg.Error), psycopg.connect(self._administrative) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
        return False

    def let_go(self) -> int:
        """Have the server end every connection; return how many there were."""
        with psycopg.connect(self._administrative, autocommit=True) as connection:
            return int(connection.execute(_OTHERS).fetchall()[0][0])

    def _processes(self) -> list[int]:
        # Each has a session of its own: no group holds them all.
        own = super()._processes()
        return own + _children(own)


class Redis(_Server):
    """A server that writes down what it is told, and refuses where there is no more room."""

    def url(self, database: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"

    def start(self, *, wait: bool = True) -> None:
        settings = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self.folder,
            "save": "",
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
        }
        told = [str(part) for name, value in settings.items() for part in (f"--{name}", value)]
        self._run([redis_program(), *told])
        if wait:
            _await(self.answers, "Redis", self.said)

    def answers(self) -> bool:
        with suppress(redis.RedisError), closing(self._client()) as client:
            return bool(client.ping())
        return False

    def wipe(self) -> None:
        """Forget everything at once, in every database."""
        with closing(self._client()) as client:
            client.flushall()

    def _client(self) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=5)


def _await(happened: Callable[[], bool], name: str, said: Callable[[], str]) -> None:
    end = time.monotonic() + _LONG
    while not happened():
        if time.monotonic() > end:
            raise AssertionError(f"{name} does not answer {_LONG:g} s after its start: {said()[-1000:]}")
        time.sleep(0.02)


def _signal(processes: Iterable[int], what: signal.Signals) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, what)


def _children(parents: list[int]) -> list[int]:
    """Return the processes that these started, while they run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # The name, in brackets, may hold anything; the state and the parent follow it.
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if int(parent) in parents and state != "Z":
                found.append(int(stat.parent.name))
    return found
