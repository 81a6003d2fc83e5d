"""PostgreSQL: a server, reached through psycopg for questions and through ADBC for Arrow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import adbc_driver_postgresql.dbapi as adbc_postgresql
import pyarrow as pa
from adbc_driver_manager import Error as AdbcError
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import NoSuchModuleError

from identity.model.errors import StoreError
from identity.store import refusals
from identity.store.dialect.connections import BulkConnection, Refusal, translated, unusable_url

__all__ = ["PostgresDatabase"]

_ANALYSE_FROM = 1_000  # below, the planner's guess for an unknown table does no harm
_WRITER_LOCK, _LOG_LOCK, _SCHEMA_LOCK = 7_301_001, 7_301_002, 7_301_003


class PostgresDatabase:
    def __init__(self, url: URL, patience: float) -> None:
        self._uri = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._patience = patience
        # PostgreSQL counts in whole milliseconds, and 0 would mean forever.
        self._lock_timeout = f"SET LOCAL lock_timeout = '{max(1, round(patience * 1000))}ms'"
        try:
            self._engine = create_engine(
                url.set(drivername="postgresql+psycopg"), hide_parameters=True, pool_pre_ping=True
            )
        except (ModuleNotFoundError, NoSuchModuleError):
            raise unusable_url("PostgreSQL needs the package psycopg[binary]") from None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with translated(self._refusal), self._engine.connect() as connection:
            look = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with look.begin():
                yield look

    @contextmanager
    def alter(self) -> Iterator[Connection]:
        with translated(self._refusal), self._engine.connect() as connection, connection.begin():
            connection.exec_driver_sql(self._lock_timeout)
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")
            yield connection

    def bulk(self) -> BulkConnection:
        with translated(self._refusal):
            connection = adbc_postgresql.connect(self._uri)
            try:
                return PostgresBulk(connection, self._lock_timeout, self._refusal)
            except BaseException:
                connection.close()
                raise

    def close(self) -> None:
        self._engine.dispose()

    def _refusal(self, error: BaseException) -> StoreError:
        state = getattr(error, "sqlstate", None) or ""
        for sign, refusal in _SIGNS.items():
            if state.startswith(sign):
                return refusal(_constraint_in(error), self._patience)
        if not state and "connect" in str(error).lower():
            return refusals.cannot_open("the server does not answer")
        return refusals.refused(f"SQLSTATE {state}" if state else type(error).__name__)


def _constraint_in(error: BaseException) -> str:
    found = re.search(r'constraint "(\w+)"|column "(\w+)"', str(error))
    return (found[1] or found[2]) if found else "a constraint"


_SIGNS: dict[str, Callable[[str, float], StoreError]] = {
    "55P03": lambda _, patience: refusals.busy(patience),
    "23": lambda constraint, _: refusals.contradiction(constraint),
    "42P01": lambda _, __: refusals.behind(None, "its tables"),
    "3D000": lambda _, __: refusals.cannot_open("the server has no such database"),
    "28": lambda _, __: refusals.cannot_open("the server refuses this user"),
}


class PostgresBulk:
    """Arrow in and out of one PostgreSQL transaction, over ADBC (COPY underneath)."""

    def __init__(self, connection: Any, lock_timeout: str, refusal: Refusal) -> None:
        self._connection = connection
        self._refusal = refusal
        self._staged = 0
        self.execute(lock_timeout)
        self._lock(_WRITER_LOCK)

    def stage(self, table: pa.Table) -> str:
        self._staged += 1
        name = f"stage_{self._staged}"
        with translated(self._refusal), self._connection.cursor() as cursor:
            cursor.adbc_ingest(name, table, mode="create", temporary=True)
        if table.num_rows >= _ANALYSE_FROM:
            self.execute(f"ANALYZE pg_temp.{name}")
        return f"pg_temp.{name}"

    def execute(self, sql: str) -> None:
        with translated(self._refusal), self._connection.cursor() as cursor:
            cursor.execute(sql)

    def fetch(self, sql: str, schema: pa.Schema) -> pa.Table:
        with translated(self._refusal), self._connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetch_arrow_table().cast(schema)

    def lock_log(self) -> None:
        self._lock(_LOG_LOCK)

    def _lock(self, lock: int) -> None:
        self.fetch(
            f"SELECT pg_advisory_xact_lock({lock})::text AS locked", pa.schema([("locked", pa.string())])
        )

    def commit(self) -> None:
        with translated(self._refusal):
            self._connection.commit()

    def rollback(self) -> None:
        with suppress(AdbcError):
            self._connection.rollback()

    def close(self) -> None:
        self._connection.close()
