"""What `identity watch` does: files that are dropped into a folder are loaded, each content once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from identity.bootstrap import Service, SystemClock
from identity.commands.ingest import ingest_files
from identity.commands.stopping import until_stopped
from identity.connectors.drops import DONE, FAILED, Drops, digest_of
from identity.engines.stages import Stages
from identity.model.errors import FileError, IdentityError

__all__ = ["watch_once", "watch_until", "watch_until_stopped"]

_TOLD = ("rows", "accepted", "quarantined", "rejected", "unchanged")
_PAUSE = 0.5
_LATER = 10.0
News = Callable[[dict[str, Any]], None]


def watch_once(service: Service, drops: Drops, source: str) -> dict[str, Any]:
    """Load what is whole by the time it is taken for standing still; return what became of each file."""
    taken: list[dict[str, Any]] = []
    with drops.alone():
        drops.whole(time.monotonic())
        time.sleep(drops.still)
        for file in drops.whole(time.monotonic()):
            taken.append(_taken(service, drops, source, file))
    return {"folder": drops.folder, "files": taken}


def watch_until(service: Service, drops: Drops, source: str, stop: threading.Event, news: News) -> None:
    """Load files as they come, until `stop`. When the database is away they wait where they are."""
    with drops.alone():
        while not stop.wait(_PAUSE):
            for file in drops.whole(time.monotonic()):
                if stop.is_set():
                    return
                try:
                    news(_taken(service, drops, source, file))
                except IdentityError as problem:
                    news({"file": file.name, "outcome": "waits", "code": problem.code})
                    stop.wait(_LATER)


def watch_until_stopped(service: Service, drops: Drops, source: str, news: News) -> None:
    """Do so until this process is asked to end."""
    until_stopped(lambda stop: watch_until(service, drops, source, stop, news))


def _taken(service: Service, drops: Drops, source: str, file: Path) -> dict[str, Any]:
    """Load one file and put it aside. Killed at any moment it is done again, with the same end: records that are stored
    are found unchanged, and a file that was loaded is known by its content."""
    book = service.store.intake
    try:
        digest = digest_of(file)
    except FileNotFoundError:
        return {"file": file.name, "outcome": "gone"}
    known = book.dropped(source, digest)
    if known is not None:
        report = {**orjson.loads(known), "outcome": "known"}
        return _aside(drops, file, DONE, report)
    try:
        loaded = ingest_files(service, [str(file.absolute())], source, Stages())
    except FileError as problem:
        report = {"outcome": "failed", "code": problem.code, "message": problem.message}
        return _aside(drops, file, FAILED, {**report, "remedy": problem.remedy})
    if digest_of(file) != digest:
        return {"file": file.name, "outcome": "changes"}  # somebody goes on writing: it is looked at again
    report = {"source": source, "digest": digest, **{name: loaded[name] for name in _TOLD}}
    report |= {"codes": loaded["files"][0]["codes"], "outcomes": loaded["outcomes"]}
    book.put_dropped(source, digest, file.name, orjson.dumps(report).decode(), SystemClock().now())
    return _aside(drops, file, DONE, {**report, "outcome": "loaded"})


def _aside(drops: Drops, file: Path, into: str, report: dict[str, Any]) -> dict[str, Any]:
    place = drops.move(file, into, {"file": file.name, **report})
    return {"file": file.name, "moved": f"{into}/{place.name}", **report}
