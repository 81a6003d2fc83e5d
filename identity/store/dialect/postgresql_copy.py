"""A copy of a PostgreSQL database, by the programs that come with it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from identity.store import refusals

__all__ = ["drop_the_rest", "dump", "refuse_others", "restore"]

_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
_REASONS = {
    "server version mismatch": "the program is older than the server: install the server's version of it",
    "No space left": "the disk is full",
    "could not connect": "the server does not answer",
    "connection to server": "the server does not answer, or refuses this user",
    "does not appear to be a valid archive": "the file is no copy of a database",
    "permission denied": "the server does not allow it to this user",
    "lock timeout": "somebody else holds the tables",
}
"""What the programs complain of, as it may be told: of what they print besides, rows may be a part."""


def dump(url: URL, file: Path) -> None:
    """Write one committed state into a file, beside whoever writes."""
    _run("pg_dump", url, ["--format=custom", "--no-owner", "--no-privileges", f"--file={file}"])


def restore(file: Path, url: URL) -> None:
    """Put a copy in the place of all that is stored, in one transaction."""
    options = ["--single-transaction", "--exit-on-error", "--clean", "--if-exists"]
    _run("pg_restore", url, [*options, "--no-owner", "--no-privileges", str(file)])


def drop_the_rest(connection: Connection, file: Path) -> None:
    """Drop tables that the copy does not know, because a later version made them: nobody would look after them."""
    told = subprocess.run(
        [_found("pg_restore"), "--list", str(file)], capture_output=True, text=True, check=True
    )
    known = set(re.findall(r"^\d+; \d+ \d+ TABLE \S+ (\S+) ", told.stdout, re.MULTILINE))
    for (table,) in connection.exec_driver_sql(_TABLES).all():
        if table not in known:
            connection.exec_driver_sql(f'DROP TABLE "{table}" CASCADE')


def refuse_others(connection: Connection) -> None:
    """Raise StoreError E431 where anybody else is connected."""
    if connection.exec_driver_sql(_OTHERS).scalar_one():
        raise refusals.in_use()


def _run(program: str, url: URL, arguments: Sequence[str]) -> None:
    address = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    # The list of processes shows arguments to everybody: a password goes into the environment.
    told = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    told["PGOPTIONS"] = "-c lock_timeout=60s"
    command = [_found(program), *arguments, f"--dbname={address}"]
    ran = subprocess.run(command, env=told, capture_output=True, text=True, errors="replace", check=False)
    if ran.returncode:
        reasons = (reason for sign, reason in _REASONS.items() if sign in ran.stderr)
        raise refusals.not_copied(program, next(reasons, f"it ended with {ran.returncode}"))


def _found(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise refusals.no_program(program)
    return found
