"""A PostgreSQL server and a streaming copy of it, each of which can be stopped and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import URL

from tests.databases import postgresql_programs

__all__ = ["Server", "Servers", "server_in", "servers", "until"]

# A test run may be killed without notice: both servers live as long as the pipe on this script's standard input.
_LIFE = """
cat > /dev/null
for each in c p
do
    "$1/pg_ctl" -D "$2/$each/data" -m immediate -s stop 2> /dev/null
done
rm -rf "$2"
"""

# What the copy missed is kept for it, and it asks again at once.
_OPTIONS = (
    "-k '{folder}' -c listen_addresses='' -c fsync=off -c autovacuum=off -c wal_keep_size=512MB"
    " -c wal_retrieve_retry_interval=100ms"
)


class Server:
    """One of the two, in a folder of its own, on a socket in that folder."""

    def __init__(self, programs: Path, folder: Path, user: dict[str, Any]) -> None:
        self._programs, self._folder, self._user = programs, folder, user

    def run(self, program: str, *arguments: str) -> None:
        called = [str(self._programs / program), *arguments]
        subprocess.run(called, check=True, stdout=subprocess.DEVNULL, cwd=self._folder, **self._user)

    def init(self, *options: str) -> None:
        told = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N", *options]
        self.run("initdb", "-D", self.data, *told)

    def start(self, more: str = "") -> None:
        options = f"{_OPTIONS.format(folder=self._folder)} {more}"
        log = str(self._folder / "log")
        self.run("pg_ctl", "-D", self.data, "-l", log, "-w", "-s", "start", "-o", options)

    def stop(self) -> None:
        """End it as a crash does: nobody is waited for."""
        if (self._folder / "data" / "postmaster.pid").exists():
            self.run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "-s", "stop")

    @contextmanager
    def as_long_as_we_live(self) -> Iterator[None]:
        """End the two servers in this folder, and the folder, at the end of the block or of this process."""
        called = ["sh", "-c", _LIFE, "sh", str(self._programs), str(self._folder)]
        life = subprocess.Popen(called, stdin=subprocess.PIPE, start_new_session=True, **self._user)
        try:
            yield
        finally:
            life.communicate(timeout=60)
            shutil.rmtree(self._folder, ignore_errors=True)  # which its user may not take away itself

    @property
    def data(self) -> str:
        return str(self._folder / "data")

    @property
    def pid(self) -> int:
        return int(Path(self.data, "postmaster.pid").read_text().split()[0])

    @property
    def place(self) -> str:
        return str(self._folder)

    def url(self, database: str = "postgres") -> str:
        told = URL.create("postgresql", "postgres", database=database, query={"host": self.place})
        return told.render_as_string(hide_password=False)

    def ask(self, sql: str) -> Any:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            answer = connection.execute(sql.encode())
            return answer.fetchall()[0][0] if answer.description else None


class Servers:
    """`primary` is written to; `copy` follows it."""

    def __init__(self, primary: Server, copy: Server) -> None:
        self.primary, self.copy = primary, copy

    def in_step(self) -> None:
        """Wait until the copy has everything that is written now."""
        written = self.primary.ask("SELECT pg_current_wal_insert_lsn()")
        self.primary.ask("CHECKPOINT")  # which flushes, whatever was written
        until(lambda: self.copy.ask(f"SELECT pg_last_wal_replay_lsn() >= '{written}'"))


def server_in(folder: Path) -> Server:
    """Return a server that may be made in a folder, which is its own from now on."""
    user: dict[str, Any] = {}
    folder.mkdir(exist_ok=True)
    if os.geteuid() == 0:  # which PostgreSQL refuses to run as
        nobody = pwd.getpwnam("nobody")
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(folder, user["user"], user["group"])
    return Server(postgresql_programs(), folder, user)


@contextmanager
def servers() -> Iterator[Servers]:
    # Not pytest's folder: a socket's path may have a hundred characters, and root's folders are closed to others.
    folder = Path(tempfile.mkdtemp(prefix="replicas-"))
    own, primary, copy = (server_in(folder / name) for name in ("", "p", "c"))
    with own.as_long_as_we_live():
        primary.init()
        primary.start()
        primary.run(
            "pg_basebackup", "-D", copy.data, "-h", primary.place, "-U", "postgres",
            "-R", "-X", "stream", "-c", "fast", "-N",
        )  # fmt: skip
        copy.start()
        yield Servers(primary, copy)


def until(holds: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait for what another process does. It fails when that takes too long."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)
