"""Rows about a disk that is full: of the database, of uploads, of what DuckDB spills."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from api.settings import ApiSettings
from identity.bootstrap import Service, Settings
from identity.engines.duckdb import DuckDBEngine
from identity.engines.stages import Stages
from identity.flows.ingest import ingest
from identity.model.errors import ModelError, StoreError
from identity.store import migrate
from tests.api.conftest import Api
from tests.faults.fault import Fault
from tests.faults.ground import SECRET, Scene, broken_promises
from tests.flows.real_time import arrival, rows
from tests.replicas import server_in

__all__ = ["FAULTS", "engine_on", "many_alike"]


def _filled(folder: Path) -> Path:
    """Take all the room that is left; removing the file gives it back."""
    file = folder / "filled"
    with file.open("wb", buffering=0) as stream:
        for size in (65_536, 4_096, 512, 1):
            try:
                while True:
                    stream.write(b"x" * size)
            except OSError:
                continue
    return file


def sqlite_full(scene: Scene) -> Sequence[str]:
    """Writers are refused by E407 and keep nothing of what they wrote; with room, they go on."""
    people = scene.ground.people[: 30 + scene.number]
    with scene.small_disk("24m") as disk:
        url = f"sqlite:///{shutil.copy(scene.ground.migrated_file, disk / 'identity.db')}"
        service = scene.service(url)
        filled = _filled(disk)
        told, refused = _taken(service, people)
        stored, codes = {row[0] for row in rows_after(url)}, {*refused.values()}
        problems = [] if codes == {"E407"} else [f"refused with {sorted(codes)}"]
        problems += ["what was acknowledged is lost, or what was refused is there"] if stored != told else []
        filled.unlink()
        for person in people:
            ingest(service.desk, [arrival(person)])
        if {row[0] for row in rows_after(url)} != {person["source_record_id"] for person in people}:
            problems.append("with room again, not everything is taken")
        problems += broken_promises(url)
        service.store.close()
        return problems


def _taken(service: Service, people: Sequence[dict[str, str]]) -> tuple[set[str], dict[str, str]]:
    """Write people one by one; return which were acknowledged, and the code under which others were refused."""
    told, refused = set[str](), dict[str, str]()
    for person in people:
        try:
            ingest(service.desk, [arrival(person)])
            told.add(person["source_record_id"])
        except StoreError as refusal:
            refused[person["source_record_id"]] = refusal.code
    return told, refused


def rows_after(url: str) -> list[tuple[str]]:
    return [(str(one),) for (one,) in rows(url, "select source_record_id from source_record")]


def postgresql_full(scene: Scene) -> Sequence[str]:
    """No room for its log is the end of a PostgreSQL. What was acknowledged is there when it is started with room."""
    people = scene.ground.people[: 150 + scene.number]
    with scene.small_disk("192m") as disk:
        server = server_in(disk / "server")
        server.init("--wal-segsize=1")
        server.start()
        scene.stack.callback(server.stop)
        server.ask("CREATE DATABASE identity")
        url = server.url("identity")
        migrate(url)
        service = scene.service(url, patience=2)
        filled = _filled(disk)
        told, refused = _taken(service, people)
        codes = {*refused.values()}
        unknown = {name for name, code in refused.items() if code == "E415"}
        filled.unlink()
        server.stop()
        server.start()
        stored = {row[0] for row in rows_after(url)}
        problems = [] if codes and codes <= {"E402", "E407", "E415"} else [f"refused with {sorted(codes)}"]
        problems += ["acknowledged and lost"] if told - stored else []
        problems += ["refused and there"] if stored - told - unknown else []
        again = scene.service(url)  # connections of before are lost, which is another row's
        for person in people:
            ingest(again.desk, [arrival(person)])
        if {row[0] for row in rows_after(url)} != {person["source_record_id"] for person in people}:
            problems.append("with room again, not everything is taken")
        problems += broken_promises(url)
        for each in (service, again):
            each.store.close()
        server.stop()
        return problems


def spool_full(scene: Scene) -> Sequence[str]:
    """An upload is refused (E222), nothing of it stays, and the same upload is taken when there is room."""
    url = scene.database("sqlite")
    line = '{{"source_record_id": "{}", "given_name": "Ines", "family_name": "Okafor{}"}}\n'
    body = "".join(line.format(number, number) for number in range(4_000)).encode()
    with scene.small_disk("64k") as disk:
        spool = disk / "spool"
        service = Service(Settings(url, index_secret=SECRET, spool=spool, inline_jobs=False))
        api = Api(service, ApiSettings(signing_key=scene.folder / "key.json", rate="100000/second"))
        told = {"Content-Type": "application/x-ndjson", "Idempotency-Key": "k"}
        with api.http:

            def ask(sent: bytes) -> Any:
                asked = {**api.headers(), **told}
                return api.http.post("/v1/uploads?source=pos", content=sent, headers=asked)

            refused = ask(body)
            left = [file.name for file in spool.glob("*")] if spool.is_dir() else []
            taken = ask(body[:20_000].rpartition(b"\n")[0] + b"\n")
        service.store.close()
    problems = (
        [] if refused.status_code in (503, 507) else [f"refused with {refused.status_code}: {refused.text}"]
    )
    problems += [f"left behind: {left}"] if left else []
    return problems + ([] if taken.status_code == 202 else [f"then {taken.status_code}: {taken.text[:200]}"])


def many_alike(count: int) -> pa.Table:
    """Records in full blocks, of which there are more pairs than fit into little memory."""
    number = np.arange(count)
    return pa.table(
        {
            "source": pa.array(["pos"] * count),
            "source_record_id": pa.array([str(each) for each in number]),
            "given_name": pa.array([f"Given{each % 997}" for each in number]),
            "family_name": pa.array([f"Family{each % 1009}" for each in number]),
            "birth_date": pa.array([f"19{40 + each % 50}-0{1 + each % 9}-1{each % 10}" for each in number]),
            "email": pa.array([f"p{each // 15}@example.com" for each in number]),
            "phone": pa.array([f"21255{each // 12:05d}" for each in number]),
            "postcode": pa.array([f"{10_000 + each % 800}" for each in number]),
        }
    )


def engine_on(service: Service, disk: Path) -> DuckDBEngine:
    """An engine that has little memory, and spills what does not fit onto this disk."""
    engine = service.engine()
    assert isinstance(engine, DuckDBEngine)
    return replace(engine, threads=1, memory="24MB", spill_directory=str(disk))


def duckdb_full(scene: Scene) -> Sequence[str]:
    """A resolution without room ends with E609; the same records are resolved where there is room."""
    service = Service(Settings())
    records = service.workshop_columns(many_alike(40_000))
    with scene.small_disk("256k") as disk:
        engine = engine_on(service, disk)
        try:
            engine.resolve(records, Stages())
            return ["there was room after all: the row proves nothing"]
        except ModelError as refused:
            problems = [] if refused.code == "E609" else [f"refused with {refused.code}"]
        left = [file.name for file in disk.rglob("*") if file.is_file()]
    return problems + ([f"left behind: {left}"] if left else [])


FAULTS = (
    Fault("disk full: SQLite", "SQLite", "E407; nothing partial; goes on with room", 20, sqlite_full),
    Fault(
        "disk full: PostgreSQL",
        "PostgreSQL",
        "E402, E407 or E415; what was acknowledged is there when it has room; goes on",
        4,
        postgresql_full,
    ),
    Fault("disk full: spool", "uploads", "503, E222; nothing stays; taken with room", 10, spool_full),
    Fault("disk full: DuckDB", "DuckDB", "E609; nothing stays", 3, duckdb_full),
)
