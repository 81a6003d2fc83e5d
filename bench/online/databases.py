"""Databases that the benchmark fills, copies, measures and drops."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import make_url

from bench.online.server import postgresql_at

__all__ = ["DATABASES", "REFUSALS", "Place", "Stored", "postgresql_in", "sqlite_in"]


REFUSALS = (OSError, psycopg.Error, sqlite3.Error)
"""What making, copying or measuring a database may raise."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a table holds, in bytes."""

    table: str
    rows: int
    content: int
    indexes: int


class Place(Protocol):
    """Where databases of one kind are."""

    @property
    def version(self) -> str: ...

    def address(self, name: str) -> str: ...

    def make(self, name: str) -> None:
        """Make an empty database in the place of any that has this name."""
        ...

    def copy(self, name: str, new: str) -> None: ...

    def drop(self, name: str) -> None: ...

    def settle(self, name: str) -> None:
        """Do what the database would do by itself some time after a load."""
        ...

    def stored(self, name: str) -> tuple[int, list[Stored]]:
        """Return how many bytes a database takes, and what each table has of them, the largest first."""
        ...


@contextmanager
def sqlite_in(folder: Path) -> Iterator[Place]:
    folder.mkdir(parents=True, exist_ok=True)
    yield _Files(folder)


@contextmanager
def postgresql_in(folder: Path) -> Iterator[Place]:
    with postgresql_at(folder) as address:
        yield _Server(address)


DATABASES: Mapping[str, Callable[[Path], AbstractContextManager[Place]]] = {
    "sqlite": sqlite_in,
    "postgresql": postgresql_in,
}


class _Files:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.version = f"SQLite {sqlite3.sqlite_version}"

    def address(self, name: str) -> str:
        return f"sqlite:///{self._file(name)}"

    def make(self, name: str) -> None:
        self.drop(name)

    def copy(self, name: str, new: str) -> None:
        self.drop(new)
        self.settle(name)
        shutil.copyfile(self._file(name), self._file(new))

    def drop(self, name: str) -> None:
        for file in self._folder.glob(f"{self._file(name).name}*"):
            file.unlink()

    def settle(self, name: str) -> None:
        with closing(sqlite3.connect(self._file(name))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def stored(self, name: str) -> tuple[int, list[Stored]]:
        self.settle(name)
        with closing(sqlite3.connect(self._file(name))) as connection:
            ((pages,),), ((page,),) = (
                connection.execute(f"PRAGMA {asked}").fetchall() for asked in ("page_count", "page_size")
            )
            found = connection.execute(_SIZES_OF_PAGES).fetchall()
            tables = [Stored(table, _count(connection, table), *sizes) for table, *sizes in found]
        return pages * page, tables

    def _file(self, name: str) -> Path:
        return self._folder.absolute() / f"{name}.db"


_SIZES_OF_PAGES = """
    SELECT s.tbl_name, sum(CASE WHEN s.type = 'table' THEN b.pgsize ELSE 0 END),
           sum(CASE WHEN s.type = 'index' THEN b.pgsize ELSE 0 END)
    FROM (SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE) AS b
    JOIN sqlite_schema AS s ON s.name = b.name
    GROUP BY s.tbl_name ORDER BY sum(b.pgsize) DESC
"""
_SIZES_OF_RELATIONS = """
    SELECT c.relname, pg_table_size(c.oid), pg_indexes_size(c.oid)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY pg_total_relation_size(c.oid) DESC
"""


def _count(connection: Any, table: str) -> int:
    return int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])


class _Server:
    def __init__(self, address: str) -> None:
        self._url = make_url(address)
        self.version = f"PostgreSQL {self._told('SHOW server_version')[0][0]}"

    def address(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def make(self, name: str) -> None:
        self.drop(name)
        self._told(f'CREATE DATABASE "{name}" TEMPLATE template0')

    def copy(self, name: str, new: str) -> None:
        self.drop(new)
        self._told(f'CREATE DATABASE "{new}" TEMPLATE "{name}" STRATEGY file_copy')

    def drop(self, name: str) -> None:
        self._told(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def settle(self, name: str) -> None:
        self._told("VACUUM ANALYZE", name)
        self._told("CHECKPOINT", name)

    def stored(self, name: str) -> tuple[int, list[Stored]]:
        ((whole,),) = self._told("SELECT pg_database_size(current_database())", name)
        with self._connected(name) as connection:
            found = connection.execute(_SIZES_OF_RELATIONS.encode()).fetchall()
            tables = [Stored(table, _count(connection, table), *sizes) for table, *sizes in found]
        return int(whole), tables

    def _told(self, sql: str, name: str | None = None) -> list[tuple[Any, ...]]:
        with self._connected(name) as connection:
            answer = connection.execute(sql.encode())
            return answer.fetchall() if answer.description else []

    def _connected(self, name: str | None) -> psycopg.Connection[Any]:
        url = self._url if name is None else self._url.set(database=name)
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)
