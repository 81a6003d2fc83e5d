"""What the rows stand on: servers that are started when the first row needs them, and databases for one injection."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
import redis

from erp import Erp, ErpMissing, installed, running
from identity.bootstrap import Service, Settings, SystemClock
from identity.engines.stages import Stages
from identity.flows.resolve import resolve
from identity.model.match import MatchModel
from identity.ports import StoredModel
from identity.sample import write_sample
from identity.store import Store, migrate
from matching_rules.model_file import model_to_json
from tests.databases import PostgresServer, postgresql_server
from tests.faults.fault import CannotRun
from tests.jobs.redis import redis_server
from tests.reference_loyalty.serving import Shop, open_program, shop
from tests.soak.system import STREAM, System, system

__all__ = ["Ground", "Scene", "broken_promises"]

SECRET = "a secret of the tests"
_MOST = 3  # cases that are told of a promise


def broken_promises(url: str) -> list[str]:
    """Return what the product's own checker finds wrong with a database: what `identity verify` would say."""
    with closing(Store(url, patience=20)) as store:
        found = store.verify((), _MOST)
    return [
        f"verify: {each.name}: {each.broken} broken: {', '.join(each.cases)}" for each in found if each.broken
    ]


class Ground:
    """Whatever is costly to make, made once in a run."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="identity-faults-")))
        self._programs = 0

    @cached_property
    def postgresql(self) -> PostgresServer:
        return self._stack.enter_context(postgresql_server())

    @cached_property
    def redis_url(self) -> str:
        return self._stack.enter_context(redis_server())

    @cached_property
    def platform(self) -> Shop:
        return self._stack.enter_context(shop(self.folder / "loyalty.db"))

    @cached_property
    def system(self) -> System:
        """Every process of the service, and an orchestrator that starts again what ends."""
        found = self._stack.enter_context(system({"IDENTITY_PATIENCE": "10"}))
        found.up()
        added = found.identity("subscribers", "add", "stream", "--stream", STREAM)
        assert added.returncode == 0, added.stderr
        self._stack.enter_context(found.orchestrated())
        return found

    @cached_property
    def people(self) -> list[dict[str, str]]:
        """Records of 2,000 made-up people in canonical columns, with `person_id`."""
        folder = self.folder / "people"
        folder.mkdir()
        write_sample(2_000, 5, folder, canonical=True, systems=False)
        rows: list[dict[str, str]] = pq.read_table(folder / "records.parquet").to_pylist()
        return rows

    @cached_property
    def model(self) -> MatchModel:
        import pyarrow as pa

        service = Service(Settings())
        records = service.workshop_columns(pa.Table.from_pylist(self.people))
        return resolve(records, service.engine(), service.survivor, Stages()).resolution.model

    @cached_property
    def migrated_file(self) -> Path:
        path = self.folder / "migrated.db"
        migrate(f"sqlite:///{path}")
        return path

    @cached_property
    def migrated_postgresql(self) -> str:
        url = self._stack.enter_context(self.postgresql.database())
        migrate(url)
        return url

    @cached_property
    def erp(self) -> Erp:
        """A Tryton. CannotRun where none is installed: to install one is left to who asks for that."""
        try:
            installed()
            return self._stack.enter_context(running())
        except ErpMissing as problem:
            raise CannotRun(" ".join(str(problem).split())) from problem

    def programme(self) -> Shop:
        """Return a programme of its own at the loyalty platform, which works as it should."""
        self._programs += 1
        name = f"own{self._programs}"
        self.platform.no_faults()
        open_program(self.platform.client, name)
        return replace(self.platform, program=name)


@dataclass
class Scene:
    """One injection: its chance and folder, and what it opens. Databases it asked for are verified at its end."""

    ground: Ground
    number: int
    random: Random
    folder: Path
    stack: ExitStack
    verified: list[str] = field(default_factory=list)

    def database(self, kind: str = "", *, verify: bool = True) -> str:
        """Return the address of a database at head, without rows: of `kind`, or of each in turn.

        Without `verify` it is not checked: for logs of events that are nobody's.
        """
        kind = kind or ("sqlite", "postgresql")[self.number % 2]
        if kind == "sqlite":
            file = self.folder / f"identity-{len(self.verified)}-{self.random.getrandbits(32):x}.db"
            shutil.copy(self.ground.migrated_file, file)
            url = f"sqlite:///{file}"
        else:
            url = self.stack.enter_context(
                self.ground.postgresql.database(like=self.ground.migrated_postgresql)
            )
        self.verified += [url] if verify else []
        return url

    @contextmanager
    def empty(self, kind: str) -> Iterator[str]:
        """Yield the address of a database without tables."""
        if kind == "sqlite":
            yield f"sqlite:///{self.folder / 'empty.db'}"
            return
        with self.ground.postgresql.database() as url:
            yield url

    def store(self, url: str, patience: float = 5) -> Store:
        found = Store(url, patience=patience)
        self.stack.callback(found.close)
        return found

    def service(self, url: str, **told: Any) -> Service:
        """Return a service whose model is in force, with an empty index beside it."""
        service = Service(Settings(url, index_secret=SECRET, spool=self.folder / "spool", **told))
        self.stack.callback(lambda: service.store.close())
        body = model_to_json(replace(self.ground.model, rules=service.match_rules)).decode()
        with service.store.begin(SystemClock()) as work:
            work.put_model(StoredModel(self.ground.model.version, body), work.at)
            work.close_index(service.index.version)
        return service

    def redis(self) -> redis.Redis:
        """Return a client of a Redis that holds nothing."""
        client: redis.Redis = redis.Redis.from_url(self.ground.redis_url, decode_responses=True)
        self.stack.callback(client.close)
        client.flushall()
        return client

    @contextmanager
    def small_disk(self, size: str) -> Iterator[Path]:
        """A file system in memory with so much room, as `mount` spells it."""
        place = Path(tempfile.mkdtemp(prefix="identity-small-"))
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)],
            capture_output=True,
            text=True,
        )
        if mounted.returncode:
            place.rmdir()
            raise CannotRun(f"no small disk can be mounted: {mounted.stderr.strip()}")
        try:
            yield place
        finally:
            subprocess.run(["umount", "-l", str(place)], check=True)
            place.rmdir()
