"""A Tryton server with a database of its own, for as long as it is wanted."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from erp.installation import DATABASE, USER, ErpMissing, Installation, install

__all__ = ["Erp", "running"]

_PATIENCE = 60.0

# Whoever asked for a server may be killed without notice: it lives as long as the pipe on this script's standard input.
_LIFE = """
"$1/trytond" -c "$2/trytond.conf" -d "$3" > "$2/log" 2>&1 &
cat > /dev/null
kill $!
wait $!
rm -rf "$2"
"""


@dataclass(frozen=True, slots=True)
class Erp:
    """Where a server is and who may log in."""

    url: str
    database: str
    user: str
    password: str = field(repr=False)


@contextmanager
def running(installed: Installation | None = None) -> Iterator[Erp]:
    """Run a server with no parties in it on this machine; it ends with the block, or with this process.

    ErpMissing where it cannot be installed or does not start.
    """
    installed = installed or install()
    folder = Path(tempfile.mkdtemp(prefix="tryton-"))
    shutil.copy(installed.template, folder)
    port = _free_port()
    (folder / "trytond.conf").write_text(
        f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\n"
    )
    command = ["sh", "-c", _LIFE, "sh", str(installed.programs), str(folder), DATABASE]
    # In a session of its own, or Ctrl-C would end it before those who use it have.
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True):
        url = f"http://127.0.0.1:{port}"
        _await(url, folder / "log")
        yield Erp(url, DATABASE, USER, installed.password)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(url: str, log: Path) -> None:
    """Wait until the server answers anything at all."""
    direct = build_opener(ProxyHandler({}))
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with suppress(URLError, OSError):
            try:
                direct.open(url, timeout=5).close()
            except HTTPError as answered:
                answered.close()
            return
        time.sleep(0.02)
    raise ErpMissing(f"it did not start.\n{log.read_text()[-2000:]}")
