"""PostgreSQL: a server, reached through psycopg for questions and through ADBC for Arrow."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from typing import Any
from weakref import WeakSet

import adbc_driver_postgresql.dbapi as adbc_postgresql
import pyarrow as pa
from adbc_driver_manager import Error as AdbcError
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError, InvalidRequestError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from identity.model.errors import StoreError
from identity.store import refusals
from identity.store.dialect import postgresql_copy
from identity.store.dialect.asking import ReadConnection, WriteConnection
from identity.store.dialect.connections import (
    CONNECTIONS,
    BulkConnection,
    LogPosition,
    Refusal,
    translated,
    unusable_url,
)
from identity.store.dialect.postgresql_partitions import partition

__all__ = ["PostgresDatabase"]

_FRESH = 1.0  # seconds: to ask each time whether a connection is still there would take a third of a lookup
_ANALYSE_FROM = 1_000  # below, the planner's guess for an unknown table does no harm
_KEY = pa.schema([("name", pa.string()), ("definition", pa.string())])
_PRIMARY_KEY = """
    SELECT conname::text AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
    WHERE conrelid = '{table}'::regclass AND contype = 'p'
"""
_LOG_POSITION = """
    SELECT (CASE WHEN copied THEN coalesce(pg_last_wal_replay_lsn(), '0/0') ELSE pg_current_wal_flush_lsn() END
            - '0/0')::bigint, copied
    FROM pg_is_in_recovery() AS copied
"""
_WHOLE = ("seqscan", "hashjoin", "mergejoin")
_SILENT = 3_000  # milliseconds: a busy machine may leave a process alone for that long
_WRITER_LOCK, _LOG_LOCK, _SCHEMA_LOCK = 7_301_001, 7_301_002, 7_301_003


class PostgresDatabase:
    def __init__(self, url: URL, patience: float, connections: int = CONNECTIONS) -> None:
        self._uri = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._patience = patience
        # PostgreSQL counts in whole milliseconds, and 0 would mean forever.
        self._milliseconds = max(1, round(patience * 1000))
        self._silent = max(_SILENT, self._milliseconds // 3)
        self._lock_timeout = f"SET LOCAL lock_timeout = '{self._milliseconds}ms'"
        try:
            # READ COMMITTED is what every lock here rests on: what others committed during the wait has to be seen.
            self._engine = create_engine(
                url.set(drivername="postgresql+psycopg"),
                hide_parameters=True,
                isolation_level="READ COMMITTED",
                pool_size=connections,
                max_overflow=0,
                pool_timeout=patience,
                connect_args=_within(url, patience),
            )
        except (ModuleNotFoundError, NoSuchModuleError):
            raise unusable_url("PostgreSQL needs the package psycopg[binary]") from None
        self._opened: WeakSet[Any] = WeakSet()
        self._opening = threading.Lock()
        event.listen(self._engine, "connect", self._keep_in_sight)
        event.listen(self._engine, "connect", _speak_in_utc)
        event.listen(self._engine, "checkin", _used)
        event.listen(self._engine, "checkout", _refuse_lost)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with translated(self._refusal), self._connected() as connection:
            look = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with look.begin():
                yield look

    @contextmanager
    def survey(self) -> Iterator[Connection]:
        with self.read() as look:
            # Whoever asks about everything reads whole tables, which is switched off for look-ups.
            look.exec_driver_sql("; ".join(f"SET LOCAL enable_{way} = on" for way in _WHOLE))
            yield look

    @contextmanager
    def alter(self) -> Iterator[Connection]:
        with translated(self._refusal), self._connected() as connection, connection.begin():
            connection.exec_driver_sql(self._lock_timeout)
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")
            yield connection

    @contextmanager
    def write(self) -> Iterator[WriteConnection]:
        # Imported by who writes here: the driver takes a tenth of a second, also where there is no such database.
        from identity.store.dialect.postgresql_writing import Locks, PostgresWriting

        locks = Locks(_WRITER_LOCK, _LOG_LOCK, self._milliseconds, self._silent)
        with (
            translated(self._refusal),
            self._pooled() as connection,
            PostgresWriting(connection, locks, self._refusal) as writing,
        ):
            yield writing

    @contextmanager
    def look(self) -> Iterator[ReadConnection]:
        from identity.store.dialect.postgresql_writing import PostgresAsking

        with translated(self._refusal), self._pooled() as connection:
            connection.autocommit = True
            try:
                yield PostgresAsking(connection, self._refusal)
            finally:
                if not connection.closed:
                    connection.autocommit = False

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            connection = self._engine.connect()
        except InvalidRequestError as error:
            raise self._refusal(error) from None
        with connection:
            yield connection

    @contextmanager
    def _pooled(self) -> Iterator[Any]:
        """Lend a connection of the driver's own: what goes wrong with it SQLAlchemy neither sees nor translates."""
        driver = self._engine.dialect.loaded_dbapi
        try:
            pooled = self._engine.raw_connection()
        except (driver.Error, InvalidRequestError) as error:
            raise self._refusal(error) from None
        connection: Any = pooled.driver_connection
        try:
            yield connection
        except driver.Error as error:
            raise self._refusal(error) from None
        finally:
            if connection.closed:
                pooled.invalidate()
            pooled.close()

    @contextmanager
    def steady(self) -> Iterator[ReadConnection]:
        from identity.store.dialect.postgresql_writing import PostgresAsking

        with self.read() as look:
            yield PostgresAsking(look.connection.driver_connection, self._refusal)

    def bulk(self) -> BulkConnection:
        with translated(self._refusal):
            connection = adbc_postgresql.connect(self._uri)
            try:
                return PostgresBulk(connection, self._lock_timeout, self._refusal)
            except BaseException:
                connection.close()
                raise

    def log_position(self) -> LogPosition | None:
        with self.read() as look:
            return LogPosition(*look.exec_driver_sql(_LOG_POSITION).one())

    def _keep_in_sight(self, connection: Any, _: object) -> None:
        with self._opening:
            self._opened.add(connection)

    def sever(self) -> None:
        with self._opening:
            opened = list(self._opened)
        for connection in opened:
            # Another thread waits inside the driver: only its socket can be reached from here.
            with (
                suppress(OSError, self._engine.dialect.loaded_dbapi.Error),
                socket.socket(fileno=os.dup(connection.fileno())) as wire,
            ):
                wire.shutdown(socket.SHUT_RDWR)

    def scrub(self) -> None:
        # Dead rows go with the next vacuum; a whole rewrite, which locks, is left to who looks after the server.
        with translated(self._refusal), self._connected() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")

    def dump(self, file: Path) -> None:
        postgresql_copy.dump(self._engine.url, file)

    def restore(self, file: Path) -> None:
        self._engine.dispose()
        with self.alter() as connection:
            postgresql_copy.refuse_others(connection)
        self._engine.dispose()
        postgresql_copy.restore(file, self._engine.url)
        with self.alter() as connection:
            postgresql_copy.drop_the_rest(connection, file)

    def partition(self, into: int) -> dict[str, int]:
        with self.alter() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
            return partition(connection, into)

    def close(self) -> None:
        self._engine.dispose()

    def _refusal(self, error: BaseException) -> StoreError:
        if isinstance(error, PoolTimeout):
            return refusals.busy(self._patience)
        if isinstance(error, InvalidRequestError):  # each that was opened was let go of at once
            return refusals.cannot_open(_AWAY)
        if _panicked(error):
            return refusals.lost()
        state = getattr(error, "sqlstate", None) or ""
        for sign, refusal in _SIGNS.items():
            if state.startswith(sign):
                return refusal(_constraint_in(error), self._patience)
        if not state and (found := _without_a_state(error)):
            return found
        return refusals.refused(f"SQLSTATE {state}" if state else type(error).__name__)


def _speak_in_utc(connection: Any, _: object) -> None:
    # In the server's zone the last hours of the year 9999 may be in the next one, which no datetime can hold.
    connection.autocommit = True
    # Planning takes longer than what is planned here, and there is one good plan: by key. How many rows a parameter
    # brings the planner cannot know; it takes them for a hundred, and reads a small table as a whole.
    settings = (
        "TIME ZONE 'UTC'",
        "plan_cache_mode = force_generic_plan",
        *(f"enable_{way} = off" for way in _WHOLE),
    )
    connection.execute("; ".join(f"SET {setting}" for setting in settings))
    connection.autocommit = False


def _used(_: object, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _refuse_lost(connection: Any, record: Any, _: object) -> None:
    """Have the pool open another connection in the place of one that the server has let go of meanwhile."""
    if time.monotonic() - record.info.get("used", -inf) < _FRESH:
        return
    try:
        # Without a transaction: one that might write, as it would be here, is refused by a server that only follows.
        connection.autocommit = True
        connection.execute("SELECT 1")
        connection.autocommit = False
    except connection.OperationalError:
        raise DisconnectionError from None


def _within(url: URL, patience: float) -> dict[str, int]:
    """Return how long opening a connection may take, where the address does not say: the driver would wait minutes."""
    return {} if "connect_timeout" in url.query else {"connect_timeout": max(2, round(patience))}


def _panicked(error: BaseException) -> bool:
    """Say whether the server gave itself up: what it was at may be in its log, and be done when it has recovered."""
    if isinstance(error, AdbcError):  # which has no word for it
        return "PANIC:" in str(error)
    return getattr(getattr(error, "diag", None), "severity_nonlocalized", None) == "PANIC"


def _without_a_state(error: BaseException) -> StoreError | None:
    """Tell what a driver says that heard nothing of the server: it was not reached, or has gone in the middle."""
    text = str(error).lower()
    if any(sign in text for sign in _NOT_REACHED):
        return refusals.cannot_open(_AWAY)
    return refusals.lost() if any(sign in text for sign in _GONE) else None


def _constraint_in(error: BaseException) -> str:
    found = re.search(r'constraint "(\w+)"|column "(\w+)"', str(error))
    return (found[1] or found[2]) if found else "a constraint"


_AWAY = "the server does not answer"
_NOT_REACHED = ("connection failed", "failed to connect", "connection timeout", "failed to resolve")
_GONE = ("connection", "eof detected", "consuming input failed", "flushing failed", "sending ")
_SIGNS: dict[str, Callable[[str, float], StoreError]] = {
    "40001": lambda _, __: refusals.contention(),
    "40P01": lambda _, __: refusals.contention(),
    "53200": lambda _, __: refusals.out_of_locks(),
    "55P03": lambda _, patience: refusals.busy(patience),
    "23": lambda constraint, _: refusals.contradiction(constraint),
    "42P01": lambda _, __: refusals.behind(None, "its tables"),
    # The server is beginning, ending or recovering; or has become one that only follows another.
    "57P03": lambda _, __: refusals.cannot_open(_AWAY),
    "25006": lambda _, __: refusals.cannot_open("the server takes no changes now"),
    "53300": lambda _, __: refusals.cannot_open("the server has no connection left"),
    # An administrator, a crash, or the network has ended the connection.
    "57P": lambda _, __: refusals.lost(),
    "25P03": lambda _, __: refusals.lost(),
    "08": lambda _, __: refusals.lost(),
    "3D000": lambda _, __: refusals.cannot_open("the server has no such database"),
    "28": lambda _, __: refusals.cannot_open("the server refuses this user"),
}


class PostgresBulk:
    """Arrow in and out of one PostgreSQL transaction, over ADBC (COPY underneath)."""

    def __init__(self, connection: Any, lock_timeout: str, refusal: Refusal) -> None:
        self._connection = connection
        self._refusal = refusal
        self._staged = 0
        self.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
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

    def empty(self, *tables: str) -> None:
        self.execute(f"TRUNCATE {', '.join(tables)}")

    def fill(self, table: str, rows: pa.Table) -> None:
        # A key made at the end takes half the time of one that grows row by row.
        name, key = (column[0].as_py() for column in self.fetch(_PRIMARY_KEY.format(table=table), _KEY))
        self.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        with translated(self._refusal), self._connection.cursor() as cursor:
            cursor.adbc_ingest(table, rows, mode="append")
        self.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {key}")
        self.execute(f"ANALYZE {table}")

    def fetch(self, sql: str, schema: pa.Schema) -> pa.Table:
        with translated(self._refusal), self._connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetch_arrow_table().cast(schema)

    def look_over(self) -> None:
        self.execute("ANALYZE")

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
