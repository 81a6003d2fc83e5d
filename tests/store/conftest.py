"""One store per test, on every database: SQLite always, PostgreSQL where TEST_POSTGRES_URL names one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from identity.store import Store

from .worlds import StandingClock

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "")
DATABASES = ["sqlite", *(["postgresql"] if POSTGRES else [])]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "identity.db"
    store = Store(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


def _empty_postgres() -> str:
    url = make_url(POSTGRES).set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return POSTGRES


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    return f"sqlite:///{tmp_path / 'empty.db'}" if request.param == "sqlite" else _empty_postgres()


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path) -> str:
    """The address of a database at head, without rows."""
    if request.param == "sqlite":
        shutil.copy(migrated_file, tmp_path / "identity.db")
        return f"sqlite:///{tmp_path / 'identity.db'}"
    store = Store(_empty_postgres())
    store.migrate()
    store.close()
    return POSTGRES


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url, patience=5)
    yield store
    store.close()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()
