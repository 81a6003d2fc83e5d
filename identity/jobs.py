"""Jobs: what is done at night and in the background, as Celery tasks.

    celery --app identity.jobs worker --beat        (or `identity work`)

A task carries a nudge, the database carries the facts: a task that is lost costs time and nothing else, and one that is
delivered twice, or again after its worker was killed, goes on under the same run. Without a broker a task runs where
it is called.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from celery import Celery, Task
from celery.schedules import crontab
from celery.signals import worker_process_init

from identity.bootstrap import Service
from identity.commands.night import rematch_report
from identity.commands.work_off import work_off
from identity.engines.stages import Stages
from identity.flows.night.full import By
from identity.flows.night.running import Options
from identity.model.run import RunKind
from identity.settings import JobSettings, job_settings_from, settings_from

__all__ = ["app", "decide_again", "rematch_everybody", "rematch_recent", "work_off_jobs"]

_DECIDED_AT_ONCE = 2_000


def _app(settings: JobSettings) -> Celery:
    made = Celery("identity", broker=settings.broker_url or "memory://", backend=None)
    made.conf.update(
        task_always_eager=not settings.broker_url,
        task_eager_propagates=True,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_default_queue="identity",
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=True,
        broker_transport_options=_transport(settings),
        timezone=settings.timezone,
        beat_schedule=_schedule(settings),
    )
    return made


def _transport(settings: JobSettings) -> dict[str, int]:
    """Return how the broker takes care of tasks whose worker was killed."""
    if not settings.broker_url.startswith("redis"):
        return {}
    # What is not acknowledged for so long is given to another worker: a full run has to fit in. By default it would be
    # looked for every hundred seconds only.
    patience = settings.patience_seconds
    return {
        "visibility_timeout": patience,
        "unacked_restore_interval": min(patience, 10),
        "unacked_restore_throttle": 1,
    }


def _schedule(settings: JobSettings) -> dict[str, Any]:
    hour, minute = settings.nightly
    return {
        "decide again": {"task": "identity.decide_again", "schedule": 60.0},
        "work off": {"task": "identity.work_off", "schedule": 10.0, "options": {"expires": 10.0}},
        "re-match what is recent": {
            "task": "identity.rematch_recent",
            "schedule": crontab(hour=hour, minute=minute, day_of_week="mon-sat"),
        },
        "re-match everybody": {
            "task": "identity.rematch_everybody",
            "schedule": crontab(hour=hour, minute=minute, day_of_week="sun"),
            "kwargs": {"refresh": True},
        },
    }


app = _app(job_settings_from(os.environ))


@app.task(bind=True, name="identity.rematch_recent")
def rematch_recent(task: Task[Any, Any]) -> dict[str, Any]:
    """Re-match what was told since the last time, and what waits to be decided again."""
    return _told(rematch_report(_service(), Stages(), RunKind.INCREMENTAL, _options(task), By()))


@app.task(bind=True, name="identity.rematch_everybody")
def rematch_everybody(task: Task[Any, Any], refresh: bool = False, retrain: bool = False) -> dict[str, Any]:
    """Re-match everybody, with fresh frequencies or a new model if asked for."""
    by = By(refresh=refresh, retrain=retrain)
    return _told(rematch_report(_service(), Stages(), RunKind.FULL, _options(task), by))


@app.task(name="identity.decide_again")
def decide_again() -> dict[str, Any]:
    """Decide again what is queued, some at a time."""
    return {"lapsed": _service().consents.lapse(), "decided": _service().redo(_DECIDED_AT_ONCE)}


@app.task(name="identity.work_off")
def work_off_jobs() -> dict[str, Any]:
    """Work off the files that came in over HTTP, and the exports that were asked for."""
    return {"jobs": work_off(_service())}


def _options(task: Task[Any, Any]) -> Options:
    """A task that is delivered again is the same run."""
    return Options(run_id=f"task-{task.request.id}")


def _told(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a result may hold: numbers and ids, nothing about a person."""
    return {name: report[name] for name in ("run_id", "status", "records", "records_moved") if name in report}


def _service() -> Service:
    return _service_of(os.getpid())


@lru_cache(maxsize=1)
def _service_of(_: int) -> Service:
    # One for each process: a database connection does not survive a fork.
    return Service(settings_from(os.environ))


@worker_process_init.connect
def _begin_afresh(**_: object) -> None:
    _service_of.cache_clear()
