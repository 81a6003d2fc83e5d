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
echo $! > "$2/process.new" && mv "$2/process.new" "$2/process"
cat > /dev/null
kill -CONT $! 2> /dev/null
kill $! 2> /dev/null
wait $!
[ -n "$4" ] || rm -rf "$2"
"""


@dataclass(frozen=True, slots=True)
class Erp:
    """Where a server is, who may log in, and the id of its process on this machine."""

    url: str
    database: str
    user: str
    password: str = field(repr=False)
    process: int = 0


@contextmanager
def running(installed: Installation | None = None, home: Path | None = None, port: int = 0) -> Iterator[Erp]:
    """Run a server on this machine; it ends with the block, or with this process.

    It begins without parties and leaves nothing behind, unless it has a `home`: what is in there it goes on with.
    ErpMissing where it cannot be installed or does not start.
    """
    installed = installed or install()
    folder = _furnished(home, installed)
    port = port or _free_port()
    (folder / "trytond.conf").write_text(
        f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\n"
    )
    programs = installed.programs.absolute()
    command = ["sh", "-c", _LIFE, "sh", str(programs), str(folder), DATABASE, "kept" if home else ""]
    # In a session of its own, or Ctrl-C would end it before those who use it have.
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True):
        url = f"http://127.0.0.1:{port}"
        _await(url, folder / "log")
        yield Erp(url, DATABASE, USER, installed.password, int((folder / "process").read_text()))


def _furnished(home: Path | None, installed: Installation) -> Path:
    folder = home.absolute() if home else Path(tempfile.mkdtemp(prefix="tryton-"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "process").unlink(missing_ok=True)
    if not (folder / installed.template.name).exists():
        shutil.copy(installed.template, folder)
    return folder


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
