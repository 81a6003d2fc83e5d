"""Rows about a process that is frozen in the middle of a change, while it holds what others need."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from identity.bootstrap import Service, Settings
from identity.flows.ingest import ingest
from identity.model.errors import StoreError
from tests.delivery.mortals import at_work
from tests.faults.fault import Fault
from tests.faults.ground import SECRET, Scene
from tests.flows.real_time import arrival, rows

__all__ = ["FAULTS"]

_PATIENCE, _NAMED, _LATER = 6.0, "frozen", "Later"


def _stuck(url: str, person: dict[str, str], folder: str, pipe: Connection) -> None:
    """Write a record, and stop in the middle of it until there is a file to go on by; then tell what came of it."""
    service = Service(Settings(url, index_secret=SECRET, patience=_PATIENCE))
    desk = service.desk
    there = Path(folder) / "go on"

    def scorer(work: Any) -> Any:
        found = desk.scorer(work)
        pipe.send("ready")
        while not there.exists():
            time.sleep(0.01)
        return found

    told = "kept"
    try:
        (found,) = ingest(replace(desk, scorer=scorer), [arrival(person)])
        told = "refused" if found.problem else "kept"
    except StoreError as refusal:
        told = refusal.code
    pipe.send(told)


def frozen(kind: str, ends: str, scene: Scene) -> Sequence[str]:
    """SIGSTOP in the middle of a change. Others go on; on SQLite once whoever watches has it killed, or it wakes."""
    url, person = scene.database(kind), {**scene.ground.people[scene.number], "source_record_id": _NAMED}
    service = scene.service(url, patience=_PATIENCE)
    others = scene.ground.people[30 : 36 + scene.number]
    with at_work(_stuck, url, person, str(scene.folder)) as (sleeper, heard):
        os.kill(sleeper.pid, signal.SIGSTOP)
        try:
            found = [] if kind == "sqlite" else _others_go_on(service, person, others)
            found += [] if kind == "postgresql" else _others_are_refused(service, person)
        finally:
            (scene.folder / "go on").touch()
            os.kill(sleeper.pid, signal.SIGKILL if ends == "killed" else signal.SIGCONT)
        if ends == "wakes":
            found += _woke(kind, heard)
    if kind == "sqlite":
        found += _others_go_on(service, person, others)
    return found + _stored(url, {_NAMED, *(each["source_record_id"] for each in others)})


def _others_go_on(service: Service, person: dict[str, str], others: Sequence[dict[str, str]]) -> list[str]:
    """Write what the sleeper is at, and what it is not at, each within the patience of a writer."""
    began = time.monotonic()
    with suppress(StoreError):
        for each in ({**person, "family_name": _LATER}, *others):
            ingest(service.desk, [arrival(each)])
        return []
    return [f"others were refused after {time.monotonic() - began:.0f} s"]


def _others_are_refused(service: Service, person: dict[str, str]) -> list[str]:
    try:
        ingest(service.desk, [arrival({**person, "family_name": _LATER})])
    except StoreError as refusal:
        return [] if refusal.code == "E405" else [f"refused with {refusal.code}"]
    return ["there were two writers in one file"]


def _woke(kind: str, heard: Connection) -> list[str]:
    wanted = {"sqlite": "kept", "postgresql": "E415"}[kind]
    told = heard.recv() if heard.poll(20) else "nothing"
    return [] if told == wanted else [f"the sleeper woke, and was told {told}"]


def _stored(url: str, wanted: set[str]) -> list[str]:
    told = dict(rows(url, "SELECT source_record_id, family_name FROM source_record"))
    found = (
        [] if told.keys() == wanted else [f"stored are {sorted(told.keys() ^ wanted)} too many or too few"]
    )
    return found + ([] if told.get(_NAMED) == _LATER else ["the sleeper's word came last"])


_ENDS = {"wakes": "what it does when it wakes is not kept", "killed": "and nothing of it is kept"}
FAULTS = (
    *(
        Fault(
            f"SIGSTOP in a change, {ends}: PostgreSQL",
            "PostgreSQL",
            f"its locks are let go of before others give up; {told}",
            6,
            partial(frozen, "postgresql", ends),
        )
        for ends, told in _ENDS.items()
    ),
    *(
        Fault(
            f"SIGSTOP in a change, {ends}: SQLite",
            "SQLite",
            f"others are refused (E405) until it {'wakes' if ends == 'wakes' else 'is killed'}, and then go on",
            6,
            partial(frozen, "sqlite", ends),
        )
        for ends in _ENDS
    ),
)
