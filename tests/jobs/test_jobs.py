"""Nightly jobs travel through a real broker, and outlive the worker that had them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import redis
from celery import Celery

from identity.bootstrap import Service, SystemClock
from identity.engines.stages import Stages
from identity.flows.rematch import rematch
from identity.model.run import Run, RunKind, RunStatus
from identity.sample import write_sample
from identity.settings import Settings

from .redis import redis_server

LONG = 60.0
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
def broker(server: str) -> str:
    """A broker without tasks: a worker killed before it had acknowledged one leaves it to the next."""
    with closing(redis.Redis.from_url(server)) as client:
        client.flushdb()
    return server


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    write_sample(1_500, 3, folder, canonical=True, systems=False)
    return folder / "records.parquet"


@pytest.fixture
def service(sqlite_url: str, records: Path) -> Iterator[Service]:
    from identity.commands.load import load_files

    service = Service(Settings(sqlite_url))
    load_files(service, [str(records)], None, Stages())
    rematch(service.workshop, Stages())
    yield service
    service.store.close()


@contextmanager
def worker(broker: str, service: Service) -> Iterator[subprocess.Popen[bytes]]:
    """A worker with a child, as in production, in a group of its own so that all of it can be killed."""
    environment = {
        **os.environ,
        "IDENTITY_BROKER_URL": broker,
        "IDENTITY_DATABASE_URL": service.settings.database_url,
        "IDENTITY_JOB_PATIENCE": "3",
        "PYTHONWARNINGS": "ignore",
    }
    quiet = ["--loglevel", "ERROR", "--without-gossip", "--without-mingle"]
    command = [
        sys.executable,
        "-m",
        "celery",
        "--quiet",
        "--app",
        "identity.jobs",
        "worker",
        "--concurrency",
        "1",
        *quiet,
    ]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(LONG)


def send(broker: str, name: str, task_id: str, **arguments: object) -> None:
    with Celery(broker=broker) as client:
        client.send_task(name, task_id=task_id, kwargs=arguments, queue="identity", ignore_result=True)


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def status(service: Service, run_id: str) -> RunStatus | None:
    run = service.runs.run(run_id)
    return run.status if run else None


def test_a_job_is_sent_carried_out_and_written_down(broker: str, service: Service) -> None:
    send(broker, "identity.rematch_recent", "recent")
    with worker(broker, service):
        until(lambda: status(service, "task-recent") is RunStatus.APPLIED)
    (run,) = service.runs.runs()
    assert run.report["impact"]["records_moved"] == 0


def test_a_job_outlives_a_killed_worker_and_is_the_same_run(broker: str, service: Service) -> None:
    before = service.store.views.counts()
    send(broker, "identity.rematch_everybody", "everybody", refresh=True)
    with worker(broker, service) as first:
        until(lambda: status(service, "task-everybody") is RunStatus.RUNNING)
        kill(first)
    assert status(service, "task-everybody") is RunStatus.RUNNING
    with worker(broker, service):
        until(lambda: status(service, "task-everybody") is RunStatus.APPLIED)
    assert [run.run_id for run in service.runs.runs()] == ["task-everybody"]
    assert service.store.views.counts().memberships == before.memberships


def test_a_job_delivered_twice_changes_nothing_the_second_time(broker: str, service: Service) -> None:
    for _ in range(2):
        send(broker, "identity.rematch_everybody", "twice")
    with worker(broker, service):
        until(lambda: status(service, "task-twice") is RunStatus.APPLIED)
        before = service.store.views.counts()
        send(broker, "identity.decide_again", "last")
        send(broker, "identity.rematch_recent", "after")
        until(lambda: status(service, "task-after") is RunStatus.APPLIED)
    assert service.store.views.counts() == before
    assert len(service.runs.runs()) == 2


def test_a_job_that_keeps_failing_is_given_up(service: Service) -> None:
    now = SystemClock().now()
    for _ in range(5):
        service.runs.begin(Run("stubborn", RunKind.FULL, RunStatus.RUNNING, now, now))
    with pytest.raises(Exception, match="E414"):
        service.runs.begin(Run("stubborn", RunKind.FULL, RunStatus.RUNNING, now, now))
    assert status(service, "stubborn") is RunStatus.FAILED


def test_without_a_broker_jobs_run_where_they_are_called(service: Service) -> None:
    code = "from identity import jobs; print(jobs.rematch_recent.delay().get()['status'])"
    environment = {**os.environ, "IDENTITY_DATABASE_URL": service.settings.database_url}
    environment.pop("IDENTITY_BROKER_URL", None)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "applied"
