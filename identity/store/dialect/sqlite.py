"""SQLite: one file, many readers, one writer at a time."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import adbc_driver_sqlite.dbapi as adbc_sqlite
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from identity.model.errors import StoreError
from identity.store import refusals
from identity.store.dialect import sqlite_copy
from identity.store.dialect.asking import ReadConnection, WriteConnection
from identity.store.dialect.connections import CONNECTIONS, BulkConnection, Refusal, translated, unusable_url
from identity.store.dialect.sqlite_turns import begin_writing
from identity.store.dialect.sqlite_writing import SqliteAsking, SqliteWriting

__all__ = ["SqliteDatabase"]

_PRAGMAS = (
    "PRAGMA page_size = 8192",  # of a new file; wide rows commit in a third of the time 4096 takes
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # who is erased is to be nowhere in the file
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32768",  # KiB, of each connection: the inner pages of a large index stay in it
    "PRAGMA wal_autocheckpoint = 4096",  # pages: a commit that pays for a checkpoint pays for 32 MB at most
    "PRAGMA journal_size_limit = 67108864",
)
_QUICKLY_REWRITTEN = 256 * 2**20
_BULK_PRAGMAS = (
    "PRAGMA cache_size = -262144",
    "PRAGMA wal_autocheckpoint = 32768",  # one checkpoint for several chunks of a large load
)
_STAGE_IN_FILE_FROM = 2_000
_MOST_ATTACHED = 9
_ROWS_AT_ONCE = 5_000


class SqliteDatabase:
    def __init__(self, url: URL, patience: float, connections: int = CONNECTIONS) -> None:
        self._path = _sqlite_path(url)
        self._patience = patience
        self._engine = create_engine(
            "sqlite://",
            creator=self.connect,
            poolclass=QueuePool,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=patience,
            hide_parameters=True,
            pool_reset_on_return="rollback",
        )
        event.listen(self._engine, "begin", self._begin)

    def connect(self) -> sqlite3.Connection:
        with translated(self._refusal):
            connection = sqlite3.connect(
                self._path, timeout=self._patience, isolation_level=None, check_same_thread=False, uri=True
            )
            try:
                for pragma in _PRAGMAS:
                    connection.execute(pragma)
                mode = self._journal_mode(connection)
            except BaseException:
                connection.close()
                raise
        if mode != "wal":
            connection.close()
            raise refusals.cannot_open(f"its file system allows the journal mode {mode} only, not WAL")
        return connection

    def _begin(self, connection: Connection) -> None:
        # A read that turns into a write fails at once, whatever the timeout: a writer says so when it begins.
        if not connection.get_execution_options().get("writes", False):
            connection.exec_driver_sql("BEGIN")
            return
        plain = connection.connection.driver_connection
        assert isinstance(plain, sqlite3.Connection)
        begin_writing(plain, self._path, self._patience)

    def _journal_mode(self, connection: sqlite3.Connection) -> str:
        # Of two connections that switch a new file at once one is told at once that it is busy, whatever the timeout.
        until = time.monotonic() + self._patience
        while True:
            try:
                return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
            time.sleep(0.005)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with translated(self._refusal), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def survey(self) -> Iterator[Connection]:
        with translated(self._refusal), self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
            connection.rollback()
            try:
                with connection.begin():
                    yield connection
            finally:
                connection.exec_driver_sql("PRAGMA query_only = OFF")

    @contextmanager
    def alter(self) -> Iterator[Connection]:
        with translated(self._refusal), self._engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[WriteConnection]:
        with translated(self._refusal), closing(self._engine.raw_connection()) as pooled:
            connection = pooled.driver_connection
            assert isinstance(connection, sqlite3.Connection)
            writing = SqliteWriting(connection, self._path, self._patience, self._refusal)
            yield writing
            writing.commit()  # a pooled connection that comes back without it is rolled back

    @contextmanager
    def look(self) -> Iterator[ReadConnection]:
        with translated(self._refusal), closing(self._engine.raw_connection()) as pooled:
            connection = pooled.driver_connection
            assert isinstance(connection, sqlite3.Connection)
            yield SqliteAsking(connection, self._refusal)

    @contextmanager
    def steady(self) -> Iterator[ReadConnection]:
        with self.read() as look:
            connection = look.connection.driver_connection
            assert isinstance(connection, sqlite3.Connection)
            yield SqliteAsking(connection, self._refusal)

    def bulk(self) -> BulkConnection:
        connection = self.connect()
        try:
            return SqliteBulk(connection, self._path, self._patience, self._refusal)
        except BaseException:
            connection.close()
            raise

    def log_position(self) -> None:
        return None

    def sever(self) -> None:
        pass

    def scrub(self) -> None:
        # What is deleted is overwritten (secure_delete); what it was stands in the log until that is emptied, for which
        # readers have to be past it: then whoever writes next goes on.
        # Rows that were moved between pages leave copies behind, of which only a file that is written anew is rid: done
        # at once where that is quick and nobody is reading, otherwise left to whoever looks after the file (VACUUM).
        with translated(self._refusal), closing(self.connect()) as connection:
            if self._path.stat().st_size <= _QUICKLY_REWRITTEN:
                with suppress(sqlite3.OperationalError):
                    connection.execute("PRAGMA busy_timeout = 1000")
                    connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def dump(self, file: Path) -> None:
        with translated(self._refusal):
            sqlite_copy.dump(self._path, file, self._patience)

    def restore(self, file: Path) -> None:
        self._engine.dispose()
        with translated(self._refusal):
            sqlite_copy.restore(file, self._path)

    def partition(self, into: int) -> dict[str, int]:
        if into > 1:
            raise refusals.no_partitions()
        return {}

    def close(self) -> None:
        self._engine.dispose()

    def _refusal(self, error: BaseException) -> StoreError:
        reason = str(error)
        for sign, refusal in _SIGNS.items():
            if sign in reason:
                return refusal(reason, self._patience)
        return refusals.refused(reason)


def _sqlite_path(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise unusable_url("it names no file, and nothing would be kept")
    path = Path(url.database).absolute()
    if not path.parent.is_dir():
        raise refusals.cannot_open(f"the folder {path.parent} does not exist")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise refusals.cannot_open(f"{path} is not writable")
    return path


_SIGNS: dict[str, Callable[[str, float], StoreError]] = {
    "locked": lambda _, patience: refusals.busy(patience),
    "QueuePool limit": lambda _, patience: refusals.busy(patience),
    "constraint failed": lambda reason, _: refusals.contradiction(reason),
    "no such table": lambda _, __: refusals.behind(None, "its tables"),
    "unable to open": lambda reason, _: refusals.cannot_open(reason),
    "readonly": lambda reason, _: refusals.cannot_open(reason),
    "not a database": lambda reason, _: refusals.cannot_open(reason),
}


class SqliteBulk:
    """Arrow in and out of one SQLite transaction.

    The ADBC driver brings a second copy of SQLite, and file locks belong to the process, not to the copy:
    opening the live file with both lets two writers in at once and loses commits. So ADBC only ever writes a
    private staging file, closed before this connection attaches it; reads go through this connection.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, patience: float, refusal: Refusal) -> None:
        self._connection = connection
        self._refusal = refusal
        # Beside the database, not in /tmp: staged rows are as personal and belong on the same volume.
        self._folder = path.parent
        self._staged = 0
        self._attached = 0
        with translated(refusal):
            for pragma in _BULK_PRAGMAS:
                connection.execute(pragma)
            begin_writing(connection, path, patience)

    def stage(self, table: pa.Table) -> str:
        self._staged += 1
        name = f"stage_{self._staged}"
        stored = _times_as_text(table)
        in_file = stored.num_rows >= _STAGE_IN_FILE_FROM and self._attached < _MOST_ATTACHED
        with translated(self._refusal):
            return self._stage_in_file(name, stored) if in_file else self._stage_in_memory(name, stored)

    def _stage_in_file(self, name: str, table: pa.Table) -> str:
        with tempfile.TemporaryDirectory(
            prefix=".staging-", dir=self._folder, ignore_cleanup_errors=True
        ) as folder:
            path = Path(folder) / "rows.db"
            _write_sqlite_file(path, table)
            # Once attached the file lives without a name, so that nothing is left behind by a killed process.
            self._connection.execute(f"ATTACH ? AS {name}", [f"{path.as_uri()}?mode=ro&immutable=1"])
        self._attached += 1
        return f"{name}.staged"

    def _stage_in_memory(self, name: str, table: pa.Table) -> str:
        columns = ", ".join(f'"{column}"' for column in table.column_names)
        marks = ", ".join("?" * table.num_columns)
        self._connection.execute(f"CREATE TEMP TABLE {name} ({columns})")
        for batch in table.to_batches(_ROWS_AT_ONCE):
            rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            self._connection.executemany(f"INSERT INTO temp.{name} VALUES ({marks})", rows)
        return f"temp.{name}"

    def execute(self, sql: str) -> None:
        with translated(self._refusal):
            self._connection.execute(sql)

    def empty(self, *tables: str) -> None:
        for table in tables:
            self.execute(f"DELETE FROM {table}")  # without a condition it drops the pages and reads no row

    def fill(self, table: str, rows: pa.Table) -> None:
        columns = ", ".join(f'"{name}"' for name in rows.column_names)
        self.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {self.stage(rows)}")

    def fetch(self, sql: str, schema: pa.Schema) -> pa.Table:
        stored = pa.schema([(field.name, _stored_as(field.type)) for field in schema])
        with translated(self._refusal), closing(self._connection.execute(sql)) as cursor:
            batches = []
            while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                columns = zip(*rows, strict=True)
                batches.append(
                    pa.record_batch(
                        [pa.array(c, f.type) for c, f in zip(columns, stored, strict=True)], stored
                    )
                )
        return pa.Table.from_batches(batches, stored).cast(schema)

    def look_over(self) -> None:
        """Nothing to do: each statement has one good plan, by key, and is planned so."""

    def lock_log(self) -> None:
        """Nothing to do: BEGIN IMMEDIATE lets in one writer."""

    def commit(self) -> None:
        with translated(self._refusal):
            self._connection.execute("COMMIT")

    def rollback(self) -> None:
        # A full disk makes SQLite roll back by itself; there is then nothing left to roll back.
        with suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()


def _write_sqlite_file(path: Path, table: pa.Table) -> None:
    with adbc_sqlite.connect(str(path), autocommit=True) as connection, connection.cursor() as cursor:
        for pragma in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF"):
            cursor.execute(pragma)
            cursor.fetchall()
        cursor.adbc_ingest("staged", table, mode="create")


def _stored_as(crossing: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(crossing):
        return pa.string()
    return pa.int8() if pa.types.is_boolean(crossing) else crossing


def _times_as_text(table: pa.Table) -> pa.Table:
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(place, field.name, _time_as_text(table.column(place)))
    return table


def _time_as_text(column: pa.ChunkedArray) -> pa.Array:
    # Most times of a load are the same moment: spell each distinct one once.
    distinct = column.combine_chunks().dictionary_encode()
    spelled = pc.strftime(distinct.dictionary.cast(pa.timestamp("us", "UTC")), format="%Y-%m-%dT%H:%M:%SZ")
    return spelled.take(distinct.indices)
