"""Going on until this process is asked to end (SIGINT, SIGTERM); what is on its way is waited for."""

from __future__ import annotations

import signal
from collections.abc import Callable
from threading import Event, Thread

from identity.commands.alive import Pulse

__all__ = ["until_stopped"]


def until_stopped(work: Callable[[Event], None]) -> None:
    """Do some work that ends soon after its event is set; raise what it raises."""
    stop = Event()
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, lambda *_: stop.set())
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work(stop)
        except BaseException as error:
            raised.append(error)

    # In a thread of its own: who waits for an event may not be the one whose signal sets it.
    thread = Thread(target=run, name="work")
    thread.start()
    pulse = Pulse()
    while thread.is_alive():
        pulse.beat()
        thread.join(0.2)
    if raised:
        raise raised[0]
