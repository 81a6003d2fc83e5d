"""What faults are injected into: databases of one's own, and what is asked of them afterwards."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import make_url

from identity.bootstrap import Service, Settings
from identity.commands.verify import verify_report
from identity.engines.stages import Stages
from identity.store import migrate
from tests.databases import PostgresServer, postgresql_server

__all__ = ["Databases", "databases", "local_address", "promises", "same"]

SECRET = "a secret of the tests"


@dataclass
class Databases:
    """Databases at head without rows, as many as are asked for: each time another one, on SQLite and PostgreSQL in
    turns."""

    folder: Path
    server: PostgresServer
    like: dict[str, str]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @contextmanager
    def one(self, kind: str = "") -> Iterator[tuple[str, Path]]:
        """Give the address of a database, and a folder."""
        number = next(self._numbers)
        folder = self.folder / str(number)
        folder.mkdir()
        if (kind or ("sqlite", "postgresql")[number % 2]) == "sqlite":
            shutil.copy(self.like["sqlite"], folder / "identity.db")
            yield f"sqlite:///{folder / 'identity.db'}", folder
        else:
            with self.server.database(like=self.like["postgresql"]) as url:
                yield url, folder
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def databases(folder: Path) -> Iterator[Databases]:
    """A ground of databases."""
    file = folder / "like.db"
    migrate(f"sqlite:///{file}")
    with postgresql_server() as server, server.database() as like:
        migrate(like)
        yield Databases(folder, server, {"sqlite": str(file), "postgresql": like})


def settings_at(url: str, folder: Path, **more: Any) -> Settings:
    """Return settings that keep everything beside the database in this folder."""
    places: dict[str, Any] = {
        "spool": folder / "spool",
        "erasures": folder / "journal",
        "anchors": folder / "anchors",
    }
    return Settings(url, index_secret=SECRET, **{**places, **more})


@contextmanager
def service_at(url: str, folder: Path, **more: Any) -> Iterator[Service]:
    """Open the service at a database."""
    service = Service(settings_at(url, folder, **more))
    try:
        yield service
    finally:
        service.store.close()


def promises(settings: Settings) -> list[str]:
    """Return which promises `identity verify` finds broken."""
    found = verify_report(settings, 3, Stages())
    return [
        f"verify: {each['name']} is broken by {', '.join(each['cases'])}"
        for each in found["invariants"]
        if each["broken"]
    ]


def same(what: str, found: object, wanted: object) -> list[str]:
    """Return nothing where both are the same, else a violation."""
    return [] if found == wanted else [f"{what}: {found!r} instead of {wanted!r}"]


def local_address(url: str) -> tuple[str, int]:
    """Return host and port of a server on a port."""
    told = make_url(url)
    assert told.host
    assert told.port
    return told.host, told.port


Injection = Callable[[Any, Random], Sequence[str]]
