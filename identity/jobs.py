"""Jobs: what is done at night and in the background, as Celery tasks.

    celery --app identity.jobs worker --beat        (or `identity work`)

A task carries a nudge, the database carries the facts: a task that is lost costs time and nothing else, and one that is
delivered twice, or again after its worker was killed, goes on under the same run. Without a broker a task runs where
it is called.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from celery import Celery, Task
from celery.schedules import crontab
from celery.signals import worker_process_init

from identity.accounts import erp_of
from identity.bootstrap import Service, SystemClock
from identity.commands.following import consume_report, reconcile_report
from identity.commands.night import rematch_report
from identity.commands.poll import poll_erp
from identity.commands.retain import retain_report
from identity.commands.work_off import work_off
from identity.engines.stages import Stages
from identity.flows.night.full import By
from identity.flows.night.running import Options
from identity.followers import FOLLOWERS
from identity.model.errors import DeliveryError
from identity.model.run import RunKind
from identity.observing.tasks import watch_tasks
from identity.ports.remote import Refused, Unavailable
from identity.pulses import WorkerPulse
from identity.settings import JobSettings, job_settings_from, settings_from

__all__ = [
    "app",
    "decide_again",
    "follow",
    "poll_the_erp",
    "reconcile",
    "rematch_everybody",
    "rematch_recent",
    "retain",
    "work_off_jobs",
]

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
        beat_scheduler="identity.pulses:PulsingClock",
    )
    made.steps["worker"].add(WorkerPulse)
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
        "follow": {"task": "identity.follow", "schedule": 60.0},
        "ask the ERP": {"task": "identity.poll_erp", "schedule": 300.0},
        "keep records no longer than they may be": {
            "task": "identity.retain",
            "schedule": crontab(hour=settings.reconcile[0], minute=settings.reconcile[1]),
        },
        "compare with other systems": {
            "task": "identity.reconcile",
            "schedule": crontab(hour=settings.reconcile[0], minute=settings.reconcile[1]),
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


@app.task(name="identity.follow")
def follow(names: Sequence[str] = ()) -> dict[str, Any]:
    """Have consumers follow what there is. Where `identity consume` runs, that is at work, and this ends at once."""
    found = _named(names)
    return consume_report(_service(), found) if found else {}


@app.task(name="identity.reconcile")
def reconcile(names: Sequence[str] = ()) -> dict[str, Any]:
    """Compare other systems with the master, and have followed once more whom the differences concern."""
    return {name: _compared(name) for name in _named(names)}


@app.task(name="identity.retain")
def retain() -> dict[str, Any]:
    """Take out the records that their sources have not told of for longer than they are kept."""
    return retain_report(_service(), "machine")


@app.task(name="identity.poll_erp")
def poll_the_erp() -> dict[str, Any]:
    """Take what has changed in the ERP, where one is named; one that is away is asked again the next time."""
    service = _service()
    if not service.settings.consumers.erp.url:
        return {}
    try:
        with erp_of(service) as (accounts, policy):
            report = poll_erp(service, accounts, policy)
    except (Unavailable, Refused, DeliveryError) as error:
        return {"why": error.code}
    return {"accounts": report["accounts"], "outcomes": report["outcomes"]}


def _named(names: Sequence[str]) -> tuple[str, ...]:
    """Return these systems, or all that the settings name; where there is none there is nothing to do."""
    told = _service().settings.consumers
    return tuple(names) or tuple(name for name, system in FOLLOWERS.items() if system.named(told))


def _compared(name: str) -> dict[str, Any]:
    # One system that is away does not keep the others from being compared.
    try:
        report = reconcile_report(_service(), name, repair=True)
    except DeliveryError as error:
        return {"why": error.code}
    return {what: report[what] for what in ("accounts", "profiles", "kinds", "known", "agrees")}


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
    service = Service(settings_from(os.environ))
    service.remember()
    return service


watch_tasks(lambda: _service().store.duties(SystemClock()))


@worker_process_init.connect
def _begin_afresh(**_: object) -> None:
    _service_of.cache_clear()
