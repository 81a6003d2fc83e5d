"""Rows about work on everybody: a re-match that is killed or sleeps, a worker that loses its job, an old backup."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial

from identity.bootstrap import Service
from identity.commands.backup import backup_report, restore_report
from identity.commands.load import load_files
from identity.engines.stages import Stages
from identity.flows.consent import Asker, Said, Teller
from identity.flows.lookup import ByGoldenId, ByIdentifier, ByRecord, Question
from identity.flows.night import full
from identity.flows.night.full import By
from identity.flows.night.running import Options
from identity.flows.redo import drain
from identity.flows.rematch import rematch
from identity.model.run import RunStatus
from identity.sample import write_sample
from identity.settings import Settings
from tests.databases import client_programs
from tests.faults.fault import Fault
from tests.faults.ground import Scene
from tests.flows.interrupted import rematch_telling_its_stages
from tests.flows.real_time import ingest_all, rebuilt, state
from tests.flows.test_killed_nights import killed_and_resumed
from tests.flows.test_night import ANYTHING, another, night, put, some
from tests.jobs.test_jobs import kill, send, status, until, worker
from tests.operations.world import lived, pos
from tests.soak.servers import _children

__all__ = ["FAULTS"]

_STAGES = [
    ("read", 0.1),
    ("block", 0.2),
    ("cluster", 0.05),
    ("persist", 0.3),
    ("review", 0.1),
    ("decide again", 0.1),
]


def _populated(scene: Scene) -> Service:
    service = scene.service(scene.database())
    ingest_all(service, some(scene.ground.people, 40))
    return service


def rematch_killed(scene: Scene) -> Sequence[str]:
    service = _populated(scene)
    stage, most = scene.random.choice(_STAGES)
    model = put(service, another(scene.ground.model, 1e-6))
    killed_and_resumed(service, model, stage, scene.random.uniform(0, most), "killed")
    return []


def rematch_sleeps(scene: Scene) -> Sequence[str]:
    """SIGSTOP; the same run is carried out by somebody else; what the sleeper does when it wakes changes nothing."""
    service = _populated(scene)
    model = put(service, another(scene.ground.model, 1e-6))
    context = multiprocessing.get_context("forkserver")
    heard, told = context.Pipe(duplex=False)
    arguments = (service.settings.database_url, model.version, "asleep", told)
    sleeper = context.Process(target=rematch_telling_its_stages, args=arguments)
    sleeper.start()
    told.close()
    assert sleeper.pid
    stage = scene.random.choice(("block", "cluster", "compare"))
    while heard.poll(60) and heard.recv() not in (stage, "done"):
        pass
    os.kill(sleeper.pid, signal.SIGSTOP)
    try:
        resumed = full(night(service, ANYTHING), Stages(), Options(run_id="asleep"), By(model=model))
        drain(service.desk)
    finally:
        os.kill(sleeper.pid, signal.SIGCONT)
    sleeper.join(60)
    problems = ["the sleeper does not end"] if sleeper.exitcode is None else []
    sleeper.kill()
    drain(service.desk)
    problems += [] if resumed.status is RunStatus.APPLIED else [f"the run is {resumed.status}"]
    found = service.runs.run("asleep")
    problems += (
        [] if found and found.status is RunStatus.APPLIED else [f"at last it is {found and found.status}"]
    )
    differing = state(service.settings.database_url).differences(rebuilt(service))
    return problems + ([f"it is not what a rebuild gives: {differing}"] if differing else [])


def _loaded(scene: Scene) -> Service:
    people = scene.ground.folder / "jobs"
    if not people.exists():
        people.mkdir()
        write_sample(1_500, 3, people, canonical=True, systems=False)
    service = Service(Settings(scene.database("sqlite"), index_secret=""))
    scene.stack.callback(lambda: service.store.close())
    load_files(service, [str(people / "records.parquet")], None, Stages())
    rematch(service.workshop, Stages())
    return service


def worker_killed(who: str, scene: Scene) -> Sequence[str]:
    """The job is carried out again under the same run, and ends as if nothing had happened."""
    service, broker, name = _loaded(scene), scene.ground.redis_url, f"job{scene.number}"
    scene.redis()
    before = service.store.views.counts()
    send(broker, "identity.rematch_everybody", name, refresh=True)
    with worker(broker, service) as first:
        until(lambda: status(service, f"task-{name}") is RunStatus.RUNNING)
        if who == "parent":
            kill(first)
        else:
            for child in _children([first.pid]):
                os.kill(child, signal.SIGKILL)
            until(lambda: status(service, f"task-{name}") is RunStatus.APPLIED)
    if who == "parent":
        with worker(broker, service):
            until(lambda: status(service, f"task-{name}") is RunStatus.APPLIED)
    runs = [run.run_id for run in service.runs.runs()]
    problems = [] if runs == [f"task-{name}"] else [f"runs: {runs}"]
    same = service.store.views.counts().memberships == before.memberships
    return problems + ([] if same else ["memberships were changed"])


def old_backup(scene: Scene) -> Sequence[str]:
    """Who was erased, and what was withdrawn, after the backup, stays so: before anybody is served."""
    kind = ("sqlite", "postgresql")[scene.number % 2]
    if kind == "postgresql":
        usual = os.environ["PATH"]
        os.environ["PATH"] = client_programs()
        scene.stack.callback(lambda: os.environ.update(PATH=usual))
    with lived(scene.database(kind), scene.folder) as world:
        backup = scene.folder / "backups" / "old"
        backup_report(world.service.settings, backup, Stages())
        erased = world.erase("1")
        no = ByIdentifier("email", "cleo@example.com")
        said = Said(no, "marketing", "email", "withdrawn")
        world.service.consents.tell([said], Teller("shop", f"op-{scene.number}"))
        world.restrict("4")
        empty = scene.stack.enter_context(scene.empty(kind))
        report = restore_report(replace(world.service.settings, database_url=empty), backup, Stages())
        back = Service(replace(world.service.settings, database_url=empty))
        with closing(back.store):
            asking: list[Question] = [ByGoldenId(erased), *(ByRecord(pos(name)) for name in ("1", "5", "4"))]
            gone, unknown, other, kept = (answer.status for answer in back.lookup(asking))
            (asked,) = back.consents.check([no], Asker("marketing", "email"))
    problems = ["who said no since would be written to"] if asked.permission.allowed else []
    problems += [] if kept != "live" else ["who was restricted since is used"]
    problems += [] if report["holds"] is True else [f"verify: {report}"]
    problems += [] if report["erased_again"] == 1 else ["the erasure was not applied again"]
    found = (str(gone), str(unknown), str(other))
    return problems + ([] if found == ("erased", "unknown", "live") else [f"look-ups answer {found}"])


FAULTS = (
    Fault(
        "kill -9 re-match",
        "re-match",
        "all of the old or of the new; the same run ends it",
        40,
        rematch_killed,
    ),
    Fault(
        "SIGSTOP re-match", "re-match", "the sleeper changes nothing; as a rebuild gives", 8, rematch_sleeps
    ),
    Fault(
        "kill -9 Celery child",
        "Celery",
        "carried out again, as the same run",
        8,
        partial(worker_killed, "child"),
    ),
    Fault(
        "kill -9 Celery parent",
        "Celery",
        "carried out again, as the same run",
        8,
        partial(worker_killed, "parent"),
    ),
    Fault(
        "old backup restored",
        "database",
        "erasures and restrictions applied again, every no told again, before anybody is served",
        4,
        old_backup,
    ),
)
