"""The system that the soak breaks can be broken, and comes back on what it had."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from .servers import Postgres, Redis


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="soak-") as made:
        place = Path(made)
        place.chmod(0o755)
        (place / "pids").mkdir()
        yield place


def test_a_killed_postgresql_has_what_it_said_is_stored(folder: Path) -> None:
    server = Postgres(folder / "postgresql", folder / "pids")
    server.start()
    try:
        server.create()
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
            server.kill()
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        assert not server.answers()
        server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT one FROM kept").fetchall() == [(1,)]
        server.freeze()
        began = time.monotonic()
        assert not server.answers()
        assert time.monotonic() - began >= 1
        server.thaw()
        assert server.answers()
    finally:
        server.kill()


def test_a_redis_is_killed_started_again_and_wiped(folder: Path) -> None:
    server = Redis(folder / "redis", folder / "pids")
    server.start()
    try:
        server.kill()
        assert not server.answers()
        server.start()
        server.wipe()
        assert server.answers()
    finally:
        server.kill()
