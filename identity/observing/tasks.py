"""How Celery's tasks are watched: a line of the log, a span and a note for each, whoever sent it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from celery.signals import beat_init, setup_logging, task_postrun, task_prerun, worker_process_init
from structlog.contextvars import bind_contextvars, unbind_contextvars

from identity.model.errors import IdentityError
from identity.observing.begin import observe
from identity.observing.saying import say
from identity.observing.traces import provider

__all__ = ["watch_tasks"]


class Notes(Protocol):
    def note(self, name: str, began: datetime, outcome: str = ...) -> None: ...


def watch_tasks(notes: Callable[[], Notes]) -> None:
    """Log, trace and note each task that this process carries out from now on."""
    began: dict[str, datetime] = {}

    def begin(task_id: str, **_: Any) -> None:
        began[task_id] = datetime.now(UTC)
        bind_contextvars(correlation_id=task_id)

    def end(task_id: str, task: Any, retval: Any = None, state: str = "", **_: Any) -> None:
        at = began.pop(task_id, datetime.now(UTC))
        outcome = _outcome(retval, state)
        seconds = round((datetime.now(UTC) - at).total_seconds(), 3)
        say("task", task=task.name, task_id=task_id, outcome=outcome, seconds=seconds)
        try:
            notes().note(task.name.removeprefix("identity."), at, outcome)
        except IdentityError as error:  # the database is away: it was told above
            say("not_noted", "warning", task=task.name, code=error.code)
        unbind_contextvars("correlation_id")

    setup_logging.connect(_log, weak=False)
    worker_process_init.connect(_trace, weak=False)
    beat_init.connect(_trace, weak=False)
    task_prerun.connect(begin, weak=False)
    task_postrun.connect(end, weak=False)


def _outcome(found: Any, state: str) -> str:
    """Return `done`, or why not: the code that a task tells, or the kind of what it raised."""
    if isinstance(found, BaseException):
        code: str = getattr(found, "code", type(found).__name__)
        return code
    if isinstance(found, Mapping) and found.get("why"):
        return str(found["why"])
    return "done" if state in ("SUCCESS", "") else state.lower()


def _name() -> str:
    return "beat" if "beat" in sys.argv else "worker"


def _log(**_: Any) -> None:
    observe(_name(), os.environ)


def _trace(**_: Any) -> None:
    """Begin to trace in the process that carries tasks out, or sends them: what exports does not survive a fork."""
    observe(_name(), os.environ)
    if (made := provider()) is not None:
        from opentelemetry.instrumentation.celery import CeleryInstrumentor

        CeleryInstrumentor().instrument(tracer_provider=made)  # type: ignore[no-untyped-call]
