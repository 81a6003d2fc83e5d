"""The system that is broken on purpose breaks as it is told to, and comes back."""

from __future__ import annotations

import psycopg
import pytest

from tests.databases import MortalPostgres, mortal_postgresql


def _value(server: MortalPostgres) -> int:
    with psycopg.connect(server.url, autocommit=True, connect_timeout=2) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        ((count,),) = connection.execute("SELECT count(*) FROM kept").fetchall()
        return int(count)


@pytest.mark.postgresql
def test_a_killed_postgresql_comes_back_with_what_it_held_and_refuses_meanwhile() -> None:
    with mortal_postgresql() as server:
        assert _value(server) == 1
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            _value(server)
        server.start()
        assert _value(server) == 2
        server.pause()
        with pytest.raises(psycopg.OperationalError):
            _value(server)
        server.go_on()
        with psycopg.connect(server.url) as held:
            assert server.let_go() >= 1
            with pytest.raises(psycopg.OperationalError):
                held.execute("SELECT 1")
        server.restart()
        assert _value(server) == 3
