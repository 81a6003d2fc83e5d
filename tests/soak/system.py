"""A whole running system on this machine that can be broken: database, broker, and the processes of the Procfile."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from tests.operations.alike import ROOT
from tests.operations.running import Processes, free_port, production, until

from .servers import Postgres, Redis

__all__ = ["ALWAYS", "STREAM", "Breakable", "System", "system"]

ALWAYS = ("loyalty", "api", "relay", "worker", "beat", "consume-loyalty")
STREAM = "identity:events"
_PULSING = ("relay", "worker", "beat", "consume-loyalty")
_LOOK = 0.5  # seconds between two looks for what has ended

# Whoever runs this may be killed without notice: what it started lives as long as the pipe on this script's input.
_KEEPER = """
trap '' INT TERM
cat > /dev/null
for file in "$1"/pids/*; do
    [ -e "$file" ] && kill -CONT -- -$(cat "$file") 2> /dev/null
    [ -e "$file" ] && kill -KILL -- -$(cat "$file") 2> /dev/null
done
sleep 0.5
rm -rf "$1"
"""


@dataclass
class Breakable(Processes):
    """Processes that are started again when they end, as an orchestrator does, but not while they are held."""

    restarts: Counter[str] = field(default_factory=Counter)
    _wanted: set[str] = field(default_factory=set)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self, name: str) -> None:
        with self._lock:
            self.pulse(name).unlink(missing_ok=True)
            super().start(name)
            self._wanted.add(name)
            (self.folder / "pids" / name).write_text(str(self.running[name].pid))

    def restart_ended(self) -> list[str]:
        """Start again whatever ended, for whatever reason; return which."""
        with self._lock:
            gone = [name for name in self._wanted if self.running[name].poll() is not None]
            for name in gone:
                self.start(name)
            self.restarts.update(gone)
            return gone

    def kill_hard(self, name: str) -> None:
        """kill -9, with all that it started. Who looks for what has ended starts it again."""
        self._tell(name, signal.SIGKILL)
        self.running[name].wait(10)

    def freeze(self, name: str) -> None:
        """SIGSTOP, with all that it started: its connections stay open, and nothing moves."""
        self._tell(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self._tell(name, signal.SIGCONT)

    def hold(self, name: str) -> None:
        """Kill it and leave it so, until it is started."""
        with self._lock:
            self._wanted.discard(name)
            self.kill_hard(name)

    def stop(self) -> dict[str, tuple[int, float]]:
        with self._lock:
            self._wanted.clear()
        return super().stop()

    def kill(self) -> None:
        with self._lock:
            self._wanted.clear()
        super().kill()

    def _tell(self, name: str, what: signal.Signals) -> None:
        with self._lock, suppress(ProcessLookupError):
            os.killpg(self.running[name].pid, what)


@dataclass(frozen=True)
class System:
    """Everything that runs; `identity` is the command line beside it."""

    folder: Path
    environment: Mapping[str, str]
    postgres: Postgres
    redis: Redis
    processes: Breakable

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.environment['IDENTITY_PORT']}"

    def up(self) -> None:
        """Migrate, start every process, and wait until all are there."""
        code = self.processes.run("migrate")
        assert code == 0, self.processes.said("migrate")
        for name in ALWAYS:
            self.processes.start(name)
        until(lambda: self.ready() and all(map(self.processes.alive, _PULSING)), "everybody is up")

    def ready(self) -> bool:
        with suppress(httpx2.HTTPError):
            return httpx2.get(f"{self.base}/readyz", timeout=5).status_code == 200
        return False

    def identity(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the service beside the others, on the same database."""
        programs = Path(sys.executable).parent
        return subprocess.run(
            [programs / "identity", *arguments],
            cwd=self.folder,
            env={**self.processes.environment},
            capture_output=True,
            text=True,
        )

    def token(self, *arguments: str) -> str:
        said = self.identity("token", *arguments)
        assert said.returncode == 0, said.stderr
        return said.stdout.split()[-1]

    @contextmanager
    def orchestrated(self, tell: Callable[[str], None] = lambda _: None) -> Iterator[None]:
        """Start again what ends, for a `with` block; `tell` is told of each."""
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(_LOOK):
                for name in self.processes.restart_ended():
                    tell(name)

        thread = threading.Thread(target=look, name="orchestrator", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextmanager
def system(more: Mapping[str, str] | None = None) -> Iterator[System]:
    """Yield a system whose servers run and whose processes do not yet; `more` is told to these. Nothing is left."""
    folder = Path(tempfile.mkdtemp(prefix="identity-soak-"))
    folder.chmod(0o755)  # PostgreSQL may run as somebody else
    pids = folder / "pids"
    for each in (pids, folder / "secrets", folder / "drops"):
        each.mkdir()
    keeper = subprocess.Popen(
        ["sh", "-c", _KEEPER, "sh", str(folder)], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        with _begun(folder, pids, more or {}) as found:
            yield found
    finally:
        assert keeper.stdin is not None
        keeper.stdin.close()
        keeper.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _begun(folder: Path, pids: Path, more: Mapping[str, str]) -> Iterator[System]:
    postgres, redis = Postgres(folder / "postgresql", pids), Redis(folder / "redis", pids)
    programs = Path(sys.executable).parent
    told = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        **production(folder, postgres.url, redis.url(0).removesuffix("/0"), free_port()),
        **more,
    }
    processes = Breakable(folder, told)
    try:
        postgres.start()
        postgres.create()
        redis.start()
        yield System(folder, told, postgres, redis, processes)
    finally:
        processes.kill()
        redis.kill()
        postgres.kill()
