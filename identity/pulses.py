"""The pulses of the worker and of its clock: each beats from the loop that would stand still if it hung."""

from __future__ import annotations

from typing import Any

from celery import bootsteps
from celery.beat import PersistentScheduler

from identity.commands.alive import Pulse

__all__ = ["PulsingClock", "WorkerPulse"]


class WorkerPulse(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
    """Beats by the timer of the worker's own loop, which takes tasks."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, _: Any, **__: Any) -> None:
        self._pulse = Pulse()
        self._timer: Any = None

    def start(self, parent: Any) -> None:
        self._timer = parent.timer.call_repeatedly(1.0, self._pulse.beat)

    def stop(self, _: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()


class PulsingClock(PersistentScheduler):  # type: ignore[misc]
    """Sends what is due, and beats whenever it looks: every ten seconds at least, as something is due that often."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._pulse = Pulse()
        super().__init__(*arguments, **named)

    def tick(self, *arguments: Any, **named: Any) -> Any:
        self._pulse.beat()
        return super().tick(*arguments, **named)
