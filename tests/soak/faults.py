"""What is done to the system, each at a random moment, and taken back: a table."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from random import Random

from .system import System

__all__ = ["FAULTS"]

Fault = Callable[[System, Random], None]


def _killed(name: str) -> Fault:
    return lambda system, _: system.kill(name)


def _paused(name: str) -> Fault:
    def pause(system: System, random: Random) -> None:
        system.pause(name)
        time.sleep(random.uniform(2, 5))
        system.go_on(name)

    return pause


def _postgres_killed(system: System, random: Random) -> None:
    system.postgres.kill()
    time.sleep(random.uniform(0.2, 3))
    system.postgres.start()


def _postgres_paused(system: System, random: Random) -> None:
    system.postgres.pause()
    time.sleep(random.uniform(2, 4))
    system.postgres.go_on()


def _redis_killed(system: System, random: Random) -> None:
    system.redis.kill()
    time.sleep(random.uniform(0.5, 4))
    system.redis.start()


def _redis_paused(system: System, random: Random) -> None:
    system.redis.pause()
    time.sleep(random.uniform(1, 4))
    system.redis.go_on()


def _connections_ended(system: System, _: Random) -> None:
    system.postgres.let_go()


FAULTS: Mapping[str, Fault] = {
    "kill -9 PostgreSQL": _postgres_killed,
    "restart PostgreSQL": lambda system, _: system.postgres.restart(),
    "stop PostgreSQL for seconds": _postgres_paused,
    "end every connection": _connections_ended,
    "kill -9 Redis": _redis_killed,
    "stop Redis for seconds": _redis_paused,
    "wipe Redis": lambda system, _: system.redis.wipe(),
    **{f"kill -9 {name}": _killed(name) for name in ("api", "relay", "worker", "beat", "consume-loyalty")},
    **{
        f"stop {name} for seconds": _paused(name)
        for name in ("api", "relay", "worker", "consume-loyalty", "loyalty")
    },
    "replace api": lambda system, _: system.ask_to_end("api"),
}
