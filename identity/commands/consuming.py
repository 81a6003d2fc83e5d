"""Following until somebody stops it, and telling how it goes: for `identity consume`."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event as Stop
from threading import Thread
from typing import Any

from identity.bootstrap import Service
from identity.commands.alive import Pulse
from identity.commands.following import consumers_report
from identity.consumers.following import Worked, follow_until
from identity.followers import chosen, following
from identity.model.errors import IdentityError

__all__ = ["Heartbeat", "consume_until_stopped"]

Tell = Callable[[Mapping[str, Any]], None]
_LOOK_AFTER = 2.0
_QUIET = 60.0
_RETRY = 5.0
_MOVING = ("position", "lag", "held", "dead_letters", "blocked", "breaker", "failures")


class Heartbeat:
    """Tells how consumers stand: when something has changed, and once a minute where nothing does."""

    def __init__(
        self, names: Sequence[str], tell: Tell, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._names, self._tell, self._monotonic = names, tell, monotonic
        self._last: dict[str, tuple[tuple[Any, ...], float]] = {}

    def look(self, service: Service) -> None:
        try:
            report = consumers_report(service)
        except IdentityError as error:  # the database is away: it comes back
            self._say("", {"name": "", "why": error.code}, (error.code,))
            return
        for one in report["consumers"]:
            if one["name"] in self._names:
                self._say(one["name"], one, tuple(one[name] for name in _MOVING))

    def _say(self, name: str, told: Mapping[str, Any], state: tuple[Any, ...]) -> None:
        before, at = self._last.get(name, ((), float("-inf")))
        if state != before or self._monotonic() - at >= _QUIET:
            self._last[name] = (state, self._monotonic())
            self._tell(told)


def consume_until_stopped(service: Service, names: Sequence[str], tell: Tell) -> None:
    """Follow until this process is asked to end (SIGINT, SIGTERM), each by a thread of its own: a system that is down
    never delays another. What is being done is waited for."""
    stop = Stop()
    names = chosen(service, tuple(names))
    for name in names:
        with following(service, name):  # what is set wrongly is better told now
            pass
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, lambda *_: stop.set())
    threads = [
        Thread(target=_consume, args=(service, name, stop, tell), name=f"consume-{name}") for name in names
    ]
    for thread in threads:
        thread.start()
    heartbeat, looked, pulse = Heartbeat(names, tell), float("-inf"), Pulse()
    while any(thread.is_alive() for thread in threads):
        if time.monotonic() - looked >= _LOOK_AFTER:
            looked = time.monotonic()
            heartbeat.look(service)
        pulse.beat()
        threads[0].join(0.2)
    heartbeat.look(service)


def _consume(service: Service, name: str, stop: Stop, tell: Tell) -> None:
    """Follow for one system; what goes wrong before it is reached is tried again."""
    last = ""

    def ended(worked: Worked) -> None:
        nonlocal last
        if worked.why not in (last, "stopped"):
            tell({"name": name, "why": worked.why})
        last = worked.why

    while not stop.is_set():
        try:
            with following(service, name) as room:
                follow_until(room, stop, ended)
        except IdentityError as error:
            ended(Worked(name, why=error.code))
            stop.wait(_RETRY)
