"""Disks that are full: small ones of one's own, in memory, under what is written."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from fastapi.testclient import TestClient

from api import calls
from api.app import create_app
from api.scopes import Scope
from api.settings import ApiSettings
from api.tokens import issue
from identity.bootstrap import Service
from identity.commands.load import load_files
from identity.commands.work_off import spool_of, work_off
from identity.engines.stages import Stages
from identity.flows.rematch import rematch
from identity.model.errors import ModelError
from identity.sample import write_sample
from tests.faults.grounds import promises, same, service_at, settings_at
from tests.faults.matrix import Fault, NotRun
from tests.flows.real_time import contradictions, rows

__all__ = ["ROWS", "Caller", "calling", "held_briefly", "person", "small_disk"]

_SIZE = 8 * 2**20
_LARGER = 96 * 2**20
"""For a database: its write-ahead log alone grows to 32 MB before it is emptied."""
_PEOPLE = 120
_ROOM = 16_384
"""Bytes: so many, and up to some more, are left when a disk is about to be full."""
_FULL = ("E407", "E402", "E222")


@contextmanager
def small_disk(size: int) -> Iterator[Path]:
    """Mount a disk of so many bytes in memory. NotRun where that is not allowed."""
    folder = Path(tempfile.mkdtemp(prefix="disk-"))
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NotRun("there is no `mount` here") from None
    if done.returncode:
        folder.rmdir()
        raise NotRun(f"a small disk cannot be mounted here, which takes root: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
        folder.rmdir()


def fill(disk: Path, leave: int) -> Path:
    """Fill a disk up but for so many bytes; remove the file to make room again."""
    ballast = disk / "ballast"
    free = os.statvfs(disk)
    with suppress(OSError), ballast.open("wb") as file:
        file.write(b"x" * max(0, free.f_bavail * free.f_frsize - leave))
    return ballast


@contextmanager
def held_briefly() -> Iterator[None]:
    """Have a key whose request ended without an answer wait for a second, and not for a minute."""
    before, calls._HOLD = calls._HOLD, timedelta(seconds=1)
    try:
        yield
    finally:
        calls._HOLD = before


@dataclass
class Caller:
    """The API over a service, and somebody who asks it under keys."""

    http: TestClient
    headers: dict[str, str]
    service: Service

    def post(self, path: str, key: str, **sent: Any) -> Any:
        return self.http.post(path, headers={**self.headers, "Idempotency-Key": key}, **sent)


@contextmanager
def calling(service: Service, folder: Path) -> Iterator[Caller]:
    settings = ApiSettings(signing_key=folder / "key.json", rate="100000/second")
    token = issue(settings, "shop", [scope.value for scope in Scope], 3_600)
    with TestClient(create_app(service, settings), raise_server_exceptions=False) as http:
        yield Caller(http, {"Authorization": f"Bearer {token}"}, service)


def person(number: int) -> dict[str, str]:
    """Somebody who is like nobody else, with much to write down."""
    random = Random(number)
    name, other, street = ("".join(random.choices("bcdfghklmnprstaeiou", k=k)) for k in (11, 13, 2_000))
    return {
        "source": "pos",
        "source_record_id": f"d{number}",
        "given_name": name.title(),
        "family_name": other.title(),
        "birth_date": f"{random.randint(1940, 2004)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
        "email": f"{name}@{other}.example",
        "street_address": street,
    }


def _database(folder: Path, random: Random) -> Sequence[str]:
    """Tell people until the disk is full; make room; tell again whom was not acknowledged, under the same keys."""
    with small_disk(_LARGER) as disk, held_briefly():
        settings = settings_at(f"sqlite:///{disk / 'identity.db'}", folder)
        with service_at(settings.database_url, folder) as service, calling(service, folder) as caller:
            first = caller.post("/v1/records", "first", json=person(0)).status_code
            ballast = fill(disk, random.randint(_ROOM, 100 * _ROOM))
            refused, told = _told_until_full(caller)
            found = [*same("the first answer", first, 200), *refused]
            before = dict(rows(settings.database_url, "select source_record_id, 1 from source_record"))
            found += same("acknowledged and not there", [n for n in told if f"d{n}" not in before], [])
            found += [*same("contradictions", contradictions(settings.database_url), {}), *promises(settings)]
            ballast.unlink()
            again = [
                caller.post("/v1/records", f"k{n}", json=person(n)).status_code for n in range(1, _PEOPLE)
            ]
            found += same("answers when there is room", set(again), {200})
            once = rows(settings.database_url, "select count(*), max(version) from golden_profile")
            return [*found, *same("profiles, and their versions", once, [(_PEOPLE, 1)]), *promises(settings)]


def _told_until_full(caller: Caller) -> tuple[list[str], list[int]]:
    told = []
    for number in range(1, _PEOPLE):
        answer = caller.post("/v1/records", f"k{number}", json=person(number))
        if answer.status_code == 200:
            told.append(number)
            continue
        code = answer.json()["code"]
        good = answer.status_code in (503, 507) and code in _FULL
        return ([] if good else [f"answered {answer.status_code} {code} on a full disk"]), told
    return ["the disk never got full"], told


def _spool(folder: Path, random: Random) -> Sequence[str]:
    """Send a file that does not fit; make room; send it again under the same key, and have it worked off."""
    size = random.randint(300, 900)
    lines = b"".join(
        b'{"source_record_id": "%d", "given_name": "%s"}\n' % (at, b"x" * 600) for at in range(size)
    )
    database = f"sqlite:///{folder / f'spool-{random.getrandbits(48):x}.db'}"
    with small_disk(_SIZE) as disk, service_at(database, folder, spool=disk) as service:
        ballast = fill(disk, random.randint(0, len(lines) - 8_192))
        with calling(service, folder) as caller:
            refused = caller.post("/v1/uploads?source=pos", "one", content=lines)
            left = [file.name for file in disk.iterdir() if file != ballast]
            ballast.unlink()
            taken = caller.post("/v1/uploads?source=pos", "one", content=lines)
            work_off(service)
            job = caller.http.get(taken.headers["location"], headers=caller.headers).json()
        report = job["report"] or {}
        return [
            *same("the answer on a full disk", refused.status_code in (503, 507), True),
            *same("its code", refused.json().get("code"), "E222"),
            *same("what is left of it", left, []),
            *same("the answer when there is room", taken.status_code, 202),
            *same("rows", report.get("rows"), size),
            *same("left in the spool", [*spool_of(service).folder.iterdir()], []),
            *promises(service.settings),
        ]


@dataclass
class Crowd:
    folder: Path
    records: Path


@contextmanager
def _crowd(folder: Path) -> Iterator[Crowd]:
    write_sample(6_000, 3, folder, canonical=True, systems=False)
    yield Crowd(folder, folder / "records.parquet")


def _spill(ground: Crowd, random: Random) -> Sequence[str]:
    """Load people with little memory and no room to spill to: nothing of it is kept; with room, all of it."""
    place = ground.folder / f"spill-{random.getrandbits(48):x}"
    place.mkdir()
    database = f"sqlite:///{place / 'identity.db'}"
    with (
        small_disk(_SIZE) as disk,
        service_at(database, place, memory=f"{random.randint(1, 4)}MB") as service,
    ):
        with _temporary(disk):
            ballast = fill(disk, random.randint(0, _ROOM))
            code = _code_of(service, ground.records)
            ballast.unlink()
        found = [
            *same("how a load without room ends", code, "E609"),
            *same("live profiles after it", rows(database, "select count(*) from golden_profile"), [(0,)]),
            *same("what it left", [*disk.iterdir()], []),
            *promises(service.settings),
        ]
    with service_at(database, place) as service:
        load_files(service, [str(ground.records)], None, Stages())
        rematch(service.workshop, Stages())
        return [*found, *same("contradictions", contradictions(database), {}), *promises(service.settings)]


def _code_of(service: Service, records: Path) -> str:
    try:
        load_files(service, [str(records)], None, Stages())
    except ModelError as refused:
        return refused.code
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
    return "it did not end"


@contextmanager
def _temporary(folder: Path) -> Iterator[None]:
    """Have temporary files lie there."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


@contextmanager
def _own(folder: Path) -> Iterator[Path]:
    yield folder


def _in_a_folder_of_its_own(folder: Path, random: Random) -> Path:
    place = folder / f"{random.getrandbits(48):x}"
    place.mkdir()
    return place


ROWS = (
    Fault(
        "disk-full-sqlite",
        "SQLite",
        "the disk of the database gets full while people are told of",
        "503 E407; nothing acknowledged is lost, nothing is partial; the same keys succeed when there is room",
        20,
        _own,
        lambda folder, random: _database(_in_a_folder_of_its_own(folder, random), random),
    ),
    Fault(
        "disk-full-spool",
        "uploads",
        "the disk of the spool gets full while a file is sent",
        "503 E222; nothing is left of it; the same key succeeds when there is room",
        20,
        _own,
        lambda folder, random: _spool(_in_a_folder_of_its_own(folder, random), random),
    ),
    Fault(
        "disk-full-duckdb",
        "DuckDB",
        "a load has little memory, and no room to spill to",
        "E609; nothing of it is kept, nothing is left; with room it comes to its end",
        5,
        _crowd,
        _spill,
    ),
)
