"""A store on every database. PostgreSQL is started for the first test that needs it, and never skipped."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.databases import PostgresServer, postgresql_server
from tests.erp.evidence import ERP
from tests.evidence import SERVER, Evidence
from tests.operations.evidence import COMPOSE
from tests.spark.evidence import SPARK

if TYPE_CHECKING:
    from erp import Erp
    from identity.store import Store

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


def pytest_configure(config: pytest.Config) -> None:
    # What outlives a command is kept apart from that of whoever runs the tests.
    state = tempfile.TemporaryDirectory(prefix="identity-state-")
    os.environ["XDG_STATE_HOME"] = state.name
    config.add_cleanup(state.cleanup)
    config.pluginmanager.register(Evidence(config, Path(__file__).parent))
    config.pluginmanager.register(ERP)
    config.pluginmanager.register(SPARK)
    config.pluginmanager.register(COMPOSE)


def _migrate(url: str) -> None:
    # Imported by those who need it: most tests have no database, and would wait a second for nothing.
    from identity.store import migrate

    migrate(url)


def _partition(url: str, into: int) -> None:
    """Lay the tables of every PostgreSQL database out in partitions, where a run asks for it."""
    from identity.store import Store

    if into > 1:
        with closing(Store(url)) as store:
            store.partition(into)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "identity.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """The server of this run. A test that asks for it, or for an address on it, is marked `postgresql`."""
    with postgresql_server() as server:
        request.config.stash[SERVER] = server.name
        yield server


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: PostgresServer) -> Iterator[str]:
    with postgresql.database() as url:
        _migrate(url)
        _partition(url, int(os.environ.get("TEST_PARTITIONS", "1")))
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_file: Path) -> str:
    shutil.copy(migrated_file, tmp_path / "identity.db")
    return f"sqlite:///{tmp_path / 'identity.db'}"


@pytest.fixture
def postgresql_url(postgresql: PostgresServer, migrated_postgresql: str) -> Iterator[str]:
    with postgresql.database(like=migrated_postgresql) as url:
        yield url


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture
def empty_postgresql_url(postgresql: PostgresServer) -> Iterator[str]:
    with postgresql.database() as url:
        yield url


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest) -> str:
    """The address of a database at head, without rows."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest) -> str:
    """The address of a database without tables."""
    return str(request.getfixturevalue(f"empty_{request.param}_url"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    from identity.store import Store

    store = Store(url, patience=5)
    yield store
    store.close()


@pytest.fixture(scope="session")
def erp() -> Iterator[Erp]:
    """A Tryton server, installed by the first run that needs it. Where it cannot be had, tests fail and say why."""
    from erp import ErpMissing, running

    try:
        with running() as server:
            yield server
    except ErpMissing as problem:
        pytest.fail(str(problem), pytrace=False)
