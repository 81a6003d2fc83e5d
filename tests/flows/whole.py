"""A database looked at behind the program's back: all that stands in it, and what must not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url, text

from identity.store.tables import TABLES

from .world import CONTRADICTIONS

__all__ = ["contradictions", "everything", "rows", "spoil"]

Rows = list[tuple[Any, ...]]

_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}


def rows(url: str, query: str) -> Rows:
    with _connected(url) as connection:
        return _fetched(connection, query)


def everything(url: str) -> dict[str, Rows]:
    """Every row of every table, in an order of its own."""
    with _connected(url) as connection:
        found = {name: _fetched(connection, f'select * from "{name}"') for name in TABLES}
    return {name: sorted(table, key=repr) for name, table in found.items()}


def contradictions(url: str) -> dict[str, Rows]:
    """What is in the database and must not be: nothing, in every committed state."""
    with _connected(url) as connection:
        found = {name: _fetched(connection, query)[:5] for name, query in CONTRADICTIONS.items()}
    return {name: cases for name, cases in found.items() if cases}


def spoil(url: str, statement: str) -> None:
    """Change what is stored."""
    with _connected(url) as connection:
        connection.execute(text(statement))


def _fetched(connection: Connection, query: str) -> Rows:
    return [tuple(row) for row in connection.execute(text(query))]


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    with _engine(url).begin() as connection:
        yield connection


# To get to know a server takes longer than to ask it; no connection is kept, or databases could not be dropped.
@lru_cache(maxsize=8)
def _engine(url: str) -> Engine:
    address = make_url(url)
    driver = _DRIVERS[address.get_backend_name()]
    return create_engine(address.set(drivername=driver), poolclass=NullPool)
