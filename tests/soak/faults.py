"""What is broken while the load runs: one thing at a time, each for some seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Literal

from .system import System

__all__ = ["FAULTS", "bag", "process_frozen", "process_killed", "server_frozen", "server_killed"]

Fault = Callable[[System, Random], None]
_PARTS = ("api", "relay", "worker", "consume-loyalty")


def process_killed(name: str) -> Fault:
    return lambda system, _: system.processes.kill_hard(name)


def process_frozen(name: str, least: float, most: float) -> Fault:
    def freeze(system: System, random: Random) -> None:
        system.processes.freeze(name)
        time.sleep(random.uniform(least, most))
        system.processes.thaw(name)

    return freeze


def server_killed(name: Literal["postgres", "redis"], most: float) -> Fault:
    """Kill a server, and start it again after up to `most` seconds."""

    def kill(system: System, random: Random) -> None:
        server = getattr(system, name)
        server.kill()
        time.sleep(random.uniform(0, most))
        server.start()

    return kill


def server_frozen(name: Literal["postgres", "redis"], least: float, most: float) -> Fault:
    def freeze(system: System, random: Random) -> None:
        server = getattr(system, name)
        server.freeze()
        time.sleep(random.uniform(least, most))
        server.thaw()

    return freeze


def _let_go(system: System, _: Random) -> None:
    system.postgres.let_go()


FAULTS: Mapping[str, Fault] = {
    **{f"kill -9 {name}": process_killed(name) for name in _PARTS},
    **{f"SIGSTOP {name}": process_frozen(name, 2, 8) for name in _PARTS},
    "kill -9 PostgreSQL": server_killed("postgres", 4),
    "SIGSTOP PostgreSQL": server_frozen("postgres", 1, 5),
    "connections ended": _let_go,
    "kill -9 Redis": server_killed("redis", 4),
    "Redis wiped": lambda system, _: system.redis.wipe(),
}


def bag(random: Random) -> list[str]:
    """Return every fault once, in an order of chance; what matters most, a database that dies, comes early."""
    names = [*FAULTS]
    random.shuffle(names)
    return ["kill -9 PostgreSQL", *(name for name in names if name != "kill -9 PostgreSQL")]
