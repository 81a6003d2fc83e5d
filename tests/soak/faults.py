"""What is broken while the load runs: one thing at a time, each for some seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from random import Random

from .system import System

__all__ = ["FAULTS", "bag"]

Fault = Callable[[System, Random], None]
_PARTS = ("api", "relay", "worker", "consume-loyalty")


def _killed(name: str) -> Fault:
    return lambda system, _: system.processes.kill_hard(name)


def _frozen(name: str) -> Fault:
    def freeze(system: System, random: Random) -> None:
        system.processes.freeze(name)
        time.sleep(random.uniform(2, 8))
        system.processes.thaw(name)

    return freeze


def _database_killed(system: System, random: Random) -> None:
    system.postgres.kill()
    time.sleep(random.uniform(0, 4))
    system.postgres.start()


def _connections_ended(system: System, _: Random) -> None:
    system.postgres.let_go()


def _database_frozen(system: System, random: Random) -> None:
    system.postgres.freeze()
    time.sleep(random.uniform(1, 5))
    system.postgres.thaw()


def _redis_killed(system: System, random: Random) -> None:
    system.redis.kill()
    time.sleep(random.uniform(0, 4))
    system.redis.start()


FAULTS: Mapping[str, Fault] = {
    **{f"kill -9 {name}": _killed(name) for name in _PARTS},
    **{f"SIGSTOP {name}": _frozen(name) for name in _PARTS},
    "kill -9 PostgreSQL": _database_killed,
    "SIGSTOP PostgreSQL": _database_frozen,
    "connections ended": _connections_ended,
    "kill -9 Redis": _redis_killed,
    "Redis wiped": lambda system, _: system.redis.wipe(),
}


def bag(random: Random) -> list[str]:
    """Return every fault once, in an order of chance; what matters most, a database that dies, comes early."""
    names = [*FAULTS]
    random.shuffle(names)
    return ["kill -9 PostgreSQL", *(name for name in names if name != "kill -9 PostgreSQL")]
