"""A whole system that runs on 127.0.0.1 and can be broken, part by part: PostgreSQL, Redis, and every process of the
Procfile, each of which is started again when it ends, as an orchestrator would."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.databases import MortalPostgres, mortal_postgresql
from tests.delivery.servers import MortalRedis
from tests.operations.running import Processes, free_port, processes, production, until

__all__ = ["PROCESSES", "STREAM", "System", "running_system"]

STREAM = "identity:events"
PROCESSES = ("loyalty", "api", "relay", "worker", "beat", "consume-loyalty", "watch")
"""All that always run, but for the follower of an ERP: none is installed here."""
_LOOKED_AFTER = 0.25
_AGAIN = 1.0
"""Seconds between looks at who has ended, and until such a one is begun again."""
_SLOWLY = 180.0
"""How long all of it may take to start on a machine that is busy."""


class System:
    """What runs, how to reach it, and how to break it."""

    def __init__(
        self, folder: Path, postgres: MortalPostgres, cache: MortalRedis, processes: Processes
    ) -> None:
        self.folder, self.postgres, self.redis, self.processes = folder, postgres, cache, processes
        self.restarts: dict[str, int] = {}
        self.ended: list[str] = []
        """Who ended without being killed by this system, and what it last said."""
        self._killed: set[str] = set()
        self._away: set[str] = set()
        self._lock, self._over = threading.RLock(), threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="orchestrator", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.processes.environment['IDENTITY_PORT']}"

    @property
    def loyalty_url(self) -> str:
        return self.processes.environment["IDENTITY_LOYALTY_URL"]

    @property
    def loyalty_token(self) -> str:
        return Path(self.processes.environment["LOYALTY_TOKEN_FILE"]).read_text().strip()

    @property
    def database_url(self) -> str:
        return self.postgres.url

    @property
    def drops(self) -> Path:
        return self.folder / "drops"

    def begin(self, names: Sequence[str]) -> None:
        """Start these processes; from now on who ends is started again."""
        assert self.processes.run("migrate") == 0, self.processes.said("migrate")
        for name in names:
            self.processes.start(name)
        self._keeper.start()

    def kill(self, name: str) -> None:
        """kill -9 of a process and all it began. It is started again."""
        with self._lock:
            self._killed.add(name)
            self.processes.signal(name, signal.SIGKILL)

    def pause(self, name: str) -> None:
        self.processes.signal(name, signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        self.processes.signal(name, signal.SIGCONT)

    def ask_to_end(self, name: str) -> None:
        """Have it end as it does when its version is replaced. It is started again."""
        with self._lock:
            self._killed.add(name)
            self.processes.signal(name, signal.SIGTERM)

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Keep a process away, as where its machine is gone, and have it started when the block ends."""
        with self._lock:
            self._away.add(name)
        self.kill(name)
        try:
            yield
        finally:
            with self._lock:
                self._away.discard(name)

    def said(self, name: str) -> str:
        return self.processes.said(name)

    def identity(self, *words: str, patience: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Carry out a command of the service, told what its processes are told."""
        return subprocess.run(
            ["identity", *words],
            cwd=self.folder,
            env=dict(self.processes.environment),
            capture_output=True,
            text=True,
            timeout=patience,
        )

    def token(self, client: str = "soak") -> str:
        made = self.identity("token", "--client", client)
        assert made.returncode == 0, made.stderr
        return made.stdout.split()[-1]

    def answers(self, path: str = "/readyz", base: str = "") -> bool:
        try:
            return httpx2.get(f"{base or self.url}{path}", timeout=5).status_code == 200
        except httpx2.HTTPError:
            return False

    def await_ready(self) -> None:
        until(self.answers, f"the API is ready: {self.said('api')[-500:]}", _SLOWLY)

    def stop(self) -> dict[str, tuple[int, float]]:
        """Look after nobody any more, and ask all to end; see `Processes.stop`."""
        self._over.set()
        if self._keeper.is_alive():
            self._keeper.join()
        for name in self.processes.running:
            self.go_on(name)
        return self.processes.stop()

    def _keep(self) -> None:
        gone: dict[str, float] = {}
        while not self._over.wait(_LOOKED_AFTER):
            for name, process in list(self.processes.running.items()):
                if process.poll() is None:
                    continue
                at = gone.setdefault(name, time.monotonic())
                if time.monotonic() - at >= _AGAIN and name not in self._away:
                    del gone[name]
                    self._begin_again(name, process.returncode)

    def _begin_again(self, name: str, code: int) -> None:
        with self._lock:
            if name not in self._killed:
                self.ended.append(f"{name} ended with {code}: {self.said(name)[-600:]}")
            self._killed.discard(name)
            # What it began and left behind goes too, as with a container.
            self.processes.signal(name, signal.SIGKILL)
            self.restarts[name] = self.restarts.get(name, 0) + 1
            self.processes.start(name)


@contextmanager
def running_system(
    names: Sequence[str] = PROCESSES, prepare: Callable[[System], None] = lambda _: None, **told: str
) -> Iterator[System]:
    """A system whose processes run and whose API is ready; `prepare` it before they start. Nothing is left of it."""
    folder = Path(tempfile.mkdtemp(prefix="system-"))
    try:
        (folder / "drops").mkdir()
        (folder / "redis").mkdir()
        with mortal_postgresql() as postgres:
            cache = MortalRedis(folder / "redis", lasting=True)
            try:
                environment = _environment(folder, postgres, cache) | told
                with processes(folder, environment) as running:
                    yield from _begun(System(folder, postgres, cache, running), names, prepare)
            finally:
                cache.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _begun(system: System, names: Sequence[str], prepare: Callable[[System], None]) -> Iterator[System]:
    assert system.processes.run("migrate") == 0, system.said("migrate")
    prepare(system)
    try:
        system.begin(names)
        system.await_ready()
        yield system
    finally:
        system._over.set()
        if system._keeper.is_alive():
            system._keeper.join()


def _environment(folder: Path, postgres: MortalPostgres, cache: MortalRedis) -> dict[str, str]:
    told = production(folder, postgres.url, cache.url, free_port())
    erp = [name for name in told if name.startswith("IDENTITY_ERP")]
    return {name: value for name, value in told.items() if name not in erp} | {
        "IDENTITY_SPOOL": str(folder / "spool"),
        "IDENTITY_ERASURES": str(folder / "erasures.ndjson"),
        "IDENTITY_AUDIT_ANCHORS": str(folder / "anchors.ndjson"),
        "IDENTITY_THREADS": "2",
        "IDENTITY_MEMORY": "1GB",
        "OMP_NUM_THREADS": "1",
        "XDG_STATE_HOME": str(folder),
        "TZ": os.environ.get("TZ", "UTC"),
    }
