"""kill -9 of what works by itself: loads, re-matches, nightly tasks, consumers and relays."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import redis

from identity.bootstrap import Service, Settings, SystemClock
from identity.commands.load import load_files
from identity.engines.stages import Stages
from identity.flows.rematch import rematch
from identity.flows.resolve import resolve
from identity.model.match import MatchModel
from identity.model.run import RunStatus
from identity.ports import StoredModel
from identity.sample import write_sample
from matching_rules.model_file import model_to_json
from tests.consumers.killed import Plan, kill_again_and_again
from tests.databases import children
from tests.faults.grounds import Databases, databases, promises, same, service_at
from tests.faults.kills import LOADED, NIGHT, killed_load
from tests.faults.matrix import Fault
from tests.faults.rows.messages import Followers, followers
from tests.flows.conftest import Person
from tests.flows.real_time import ingest_all
from tests.flows.test_killed_nights import killed_and_resumed
from tests.flows.test_night import another, put, some
from tests.jobs.redis import redis_server
from tests.jobs.test_jobs import kill, send, status, until, worker

__all__ = ["ROWS"]

_LIVES, _EVENTS_A_LIFE = 10, 150
_PEOPLE_BY_NIGHT, _PEOPLE_OF_JOBS = 60, 400


@dataclass
class Nights:
    """Databases, people, and a model to judge them by."""

    databases: Databases
    people: list[Person]
    model: MatchModel


@contextmanager
def _nights(folder: Path) -> Iterator[Nights]:
    with databases(folder) as found:
        write_sample(2_000, 5, folder, canonical=True, systems=False)
        people: list[Person] = pq.read_table(folder / "records.parquet").to_pylist()
        service = Service(Settings())
        records = service.workshop_columns(pa.Table.from_pylist(people))
        model = resolve(records, service.engine(), service.survivor, Stages()).resolution.model
        yield Nights(found, people, model)


def _moment(stages: Sequence[tuple[str, float]], random: Random) -> tuple[str, float]:
    stage, most = random.choice(stages)
    return stage, random.uniform(0, most)


def _load(folder: Path, random: Random) -> Sequence[str]:
    place = folder / f"load-{random.getrandbits(48):x}"
    place.mkdir()
    killed_load(place, *_moment(LOADED, random))
    return promises(Settings(f"sqlite:///{place / 'identity.db'}", erasures=place / "journal"))


@contextmanager
def _folder(folder: Path) -> Iterator[Path]:
    yield folder


def _night(ground: Nights, random: Random) -> Sequence[str]:
    with ground.databases.one() as (url, folder), service_at(url, folder) as service:
        rules = replace(ground.model, rules=service.match_rules)
        with service.store.begin(SystemClock()) as work:
            work.put_model(StoredModel(rules.version, model_to_json(rules).decode()), work.at)
            work.close_index(service.index.version)
        ingest_all(service, some(ground.people, _PEOPLE_BY_NIGHT))
        model = put(service, another(ground.model, 1e-6))
        killed_and_resumed(service, model, *_moment(NIGHT, random), f"r{random.getrandbits(32):x}")
        return promises(service.settings)


@dataclass
class Tasks:
    """A broker, and a database to which tasks do something."""

    broker: str
    service: Service


@contextmanager
def _tasks(folder: Path) -> Iterator[Tasks]:
    write_sample(_PEOPLE_OF_JOBS, 3, folder, canonical=True, systems=False)
    with redis_server() as broker, service_at(f"sqlite:///{folder / 'identity.db'}", folder) as service:
        load_files(service, [str(folder / "records.parquet")], None, Stages())
        rematch(service.workshop, Stages())
        yield Tasks(broker, service)


def _child(process: subprocess.Popen[bytes]) -> None:
    for child in children(process.pid):
        os.kill(child, signal.SIGKILL)


def _parent(process: subprocess.Popen[bytes]) -> None:
    """Both: a child whose parent is gone works on, and nobody acknowledges what it did."""
    kill(process)


def _task(ground: Tasks, random: Random, *, parent: bool) -> Sequence[str]:
    service, name = ground.service, f"t{random.getrandbits(48):x}"
    with closing(redis.Redis.from_url(ground.broker)) as client:
        client.flushdb()
    before = service.store.views.counts()
    send(ground.broker, "identity.rematch_everybody", name, refresh=True)
    with worker(ground.broker, service) as first:
        until(lambda: status(service, f"task-{name}") is RunStatus.RUNNING)
        (_parent if parent else _child)(first)
        if not parent:
            until(lambda: status(service, f"task-{name}") is RunStatus.APPLIED)
    if parent:
        with worker(ground.broker, service):
            until(lambda: status(service, f"task-{name}") is RunStatus.APPLIED)
    runs = [run for run in service.runs.runs() if run.run_id == f"task-{name}"]
    after = service.store.views.counts()
    return [
        *same("runs of the task", len(runs), 1),
        *same("memberships", after.memberships, before.memberships),
        *promises(service.settings),
    ]


def _parents(ground: Tasks, random: Random) -> Sequence[str]:
    return _task(ground, random, parent=True)


def _children_of(ground: Tasks, random: Random) -> Sequence[str]:
    return _task(ground, random, parent=False)


def _followers(ground: Followers, random: Random) -> Sequence[str]:
    with ground.databases.one() as (url, folder), redis_server() as server:
        plan = Plan(
            members=60,
            events=_LIVES * _EVENTS_A_LIFE,
            at_once=_EVENTS_A_LIFE,
            longest_life=1.5,
            redis_url=server,
        )
        master = kill_again_and_again(url, ground.programme(), plan, folder, random.getrandbits(32))
    return [] if master.told >= plan.events else ["fewer events than planned"]


ROWS = (
    Fault(
        "load-killed",
        "identity load",
        "kill -9 at a random moment of a load of eighty people's four files",
        "no half state; begun again, the same profiles and links as without",
        30,
        _folder,
        _load,
    ),
    Fault(
        "rematch-killed",
        "re-match",
        "kill -9 at a random moment of a re-match by another model, its publication among them",
        "the old partition or the new one; resumed under its run, the same as rebuilt from nothing",
        30,
        _nights,
        _night,
    ),
    Fault(
        "task-child-killed",
        "Celery",
        "kill -9 of the child that carries a re-match out",
        "delivered again, the same run, once",
        10,
        _tasks,
        _children_of,
    ),
    Fault(
        "task-parent-killed",
        "Celery",
        "kill -9 of the worker with its child",
        "delivered again after the broker's patience, the same run, once",
        10,
        _tasks,
        _parents,
    ),
    Fault(
        "followers-killed",
        "relay, consumer",
        "kill -9 of both at random moments, events twice and in any order, a platform that fails, FLUSHALL",
        "effects once, each profile in its order, no point lost; a replay does nothing",
        3,
        followers,
        _followers,
        counts=2 * _LIVES,
    ),
)
