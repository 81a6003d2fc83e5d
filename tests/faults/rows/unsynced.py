"""Rows about a disk that says it could not keep what it was given: fsync ends with EIO, now and then."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from identity.bootstrap import Service, Settings
from identity.flows.ingest import ingest
from identity.model.errors import StoreError
from identity.store import migrate
from tests.faults.fault import CannotRun, Fault
from tests.faults.ground import SECRET, Scene, broken_promises
from tests.flows.real_time import arrival, rows
from tests.replicas import server_in, until
from tests.soak.servers import _children

__all__ = ["FAULTS", "write_all"]

_PEOPLE = 60


def _traced(scene: Scene) -> list[str]:
    """Return what has every so manieth sync of a process fail."""
    program = shutil.which("strace")
    if program is None:
        raise CannotRun("strace is not installed, which makes calls of the kernel fail")
    when = f"{scene.random.randint(3, 9)}+{scene.random.randint(5, 11)}"
    calls = "fsync,fdatasync"
    return [
        program,
        "-f",
        "-qq",
        "-o",
        os.devnull,
        "-e",
        f"trace={calls}",
        "-e",
        f"inject={calls}:error=EIO:when={when}",
    ]


def write_all(service: Service, people: Sequence[dict[str, str]], acknowledged: Path) -> dict[str, str]:
    """Write people one by one; note at once who was acknowledged, and return the code under which others were not."""
    codes = dict[str, str]()
    with acknowledged.open("a", encoding="utf-8", buffering=1) as told:
        for person in people:
            try:
                ingest(service.desk, [arrival(person)])
                told.write(person["source_record_id"] + "\n")
            except StoreError as refusal:
                codes[person["source_record_id"]] = refusal.code
    return codes


def sqlite_unsynced(scene: Scene) -> Sequence[str]:
    """Under a tracer, as a process of its own; what it was acknowledged is looked for by another one."""
    url, acknowledged = scene.database("sqlite"), scene.folder / "acknowledged"
    scene.service(url).store.close()  # a model in force, and an index
    command = [
        sys.executable,
        "-m",
        "tests.faults.rows.unsynced",
        url,
        str(acknowledged),
        str(scene.ground.folder),
    ]
    ran = subprocess.run(
        [*_traced(scene), *command], capture_output=True, text=True, timeout=120, check=False
    )
    codes = dict(line.split() for line in ran.stdout.splitlines())
    return [*_told(codes, {"E407"}, ran.stderr), *_kept(scene.service(url), url, scene, acknowledged, codes)]


def postgresql_unsynced(scene: Scene) -> Sequence[str]:
    """A PostgreSQL that cannot sync its log panics, recovers, and has everything that it acknowledged."""
    acknowledged = scene.folder / "acknowledged"
    with scene.small_disk("300m") as disk:
        server = server_in(disk / "server")
        server.init("--wal-segsize=1")
        server.start("-c fsync=on")
        try:
            server.ask("CREATE DATABASE identity")
            url = server.url("identity")
            migrate(url)
            service = scene.service(url, patience=2)
            with _tracing(_traced(scene), server.pid):
                codes = write_all(service, scene.ground.people[:_PEOPLE], acknowledged)
            service.store.close()
            server.stop()
            server.start("-c fsync=on")
            again = scene.service(url)
            found = [*_told(codes, {"E402", "E415"}, ""), *_kept(again, url, scene, acknowledged, codes)]
            again.store.close()
            return found + broken_promises(url)
        finally:
            server.stop()


@contextmanager
def _tracing(traced: Sequence[str], pid: int) -> Iterator[None]:
    told = [argument for each in (pid, *_children([pid])) for argument in ("-p", str(each))]
    tracer = subprocess.Popen([*traced, *told], stderr=subprocess.DEVNULL)
    try:
        until(lambda: "TracerPid:\t0" not in Path(f"/proc/{pid}/status").read_text())
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(20)


def _told(codes: Mapping[str, str], wanted: set[str], said: str) -> list[str]:
    if not codes:
        return [f"nothing was refused: the row proves nothing {said[-300:]}"]
    found = sorted({*codes.values()})
    return [] if wanted.issuperset(found) else [f"refused with {found}"]


def _kept(
    service: Service, url: str, scene: Scene, acknowledged: Path, codes: Mapping[str, str]
) -> list[str]:
    """Return what is wrong with what was acknowledged, with what was refused for certain, and with going on."""
    people = scene.ground.people[:_PEOPLE]
    told = set(acknowledged.read_text(encoding="utf-8").split())
    stored = {row[0] for row in rows(url, "SELECT source_record_id FROM source_record")}
    again = write_all(service, people, scene.folder / "again")
    found = [f"acknowledged and lost: {sorted(told - stored)}"] if told - stored else []
    refused = {name for name, code in codes.items() if code != "E415"} & stored
    found += [f"refused and there: {sorted(refused)}"] if refused else []
    found += ["nothing was acknowledged: the row proves nothing"] if not told else []
    return found + ([f"then refused with {sorted(again.values())}"] if again else [])


def _main(url: str, acknowledged: str, ground: str) -> None:
    import pyarrow.parquet as pq

    people = pq.read_table(Path(ground) / "people" / "records.parquet").to_pylist()[:_PEOPLE]
    service = Service(Settings(url, index_secret=SECRET, patience=5))
    for name, code in write_all(service, people, Path(acknowledged)).items():
        print(name, code)


FAULTS = (
    Fault(
        "fsync EIO: SQLite", "SQLite", "E407; what was acknowledged is there; goes on", 10, sqlite_unsynced
    ),
    Fault(
        "fsync EIO: PostgreSQL",
        "PostgreSQL",
        "E402 or E415; what was acknowledged is there when it has recovered; goes on",
        10,
        postgresql_unsynced,
    ),
)

if __name__ == "__main__":
    _main(*sys.argv[1:])
