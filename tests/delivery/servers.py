"""A Redis server that can be killed and started again."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import redis

from tests.jobs.redis import _await, _free_port, _program

__all__ = ["MortalRedis"]


class MortalRedis:
    """Keeps nothing unless `save` is asked for: then it comes back with what it had at that moment. A `lasting` one
    writes down what it is told, as in production, and comes back with all of it but the last second."""

    def __init__(self, folder: Path, *, lasting: bool = False) -> None:
        self._folder, self._lasting = folder, lasting
        self._port = _free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.start()

    def start(self) -> None:
        settings = {
            "port": self._port,
            "bind": "127.0.0.1",
            "dir": self._folder,
            "save": "",
            "appendonly": "yes" if self._lasting else "no",
            "maxmemory-policy": "noeviction",
        }
        command = [
            _program(),
            *(str(word) for name, told in settings.items() for word in (f"--{name}", told)),
        ]
        self._server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _await(self._port)

    def save(self) -> None:
        with redis.Redis(port=self._port) as client:
            client.save()

    def kill(self) -> None:
        self._server.kill()
        self._server.wait()

    def wipe(self) -> None:
        """It forgets everything, while it runs."""
        with redis.Redis(port=self._port) as client:
            client.flushall()

    def pause(self) -> None:
        self._server.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._server.send_signal(signal.SIGCONT)
