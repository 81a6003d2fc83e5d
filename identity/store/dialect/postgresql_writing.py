"""PostgreSQL for the unit of work of real time: rows come in as JSON, numbers alone as an array."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from types import TracebackType
from typing import Any, NamedTuple, Self

import orjson
import psycopg

from identity.store import refusals
from identity.store.dialect.asking import Answer, Asked, Kind, Statement, numbered
from identity.store.dialect.connections import Refusal

__all__ = ["Locks", "PostgresAsking", "PostgresWriting"]

_WORDS = {"as_list": "json_agg", "passing_over": "FOR UPDATE SKIP LOCKED", "unchanged": "FOR SHARE"}
_TYPES = {
    Kind.TEXT: "text",
    Kind.NUMBER: "bigint",
    Kind.TIME: "timestamptz",
    Kind.FLAG: "boolean",
    Kind.WEIGHT: "double precision",
}
# What is set holds for the wait for the lock, which comes last.
_BEGIN = (
    b"SELECT set_config('lock_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $2, true),"
    b" pg_advisory_xact_lock_shared($3)"
)
# An array is unnested in its order, and nothing here reorders it.
_CLAIM = b"SELECT count(pg_advisory_xact_lock(number)) FROM unnest(CAST($1 AS bigint[])) AS number"
_SHARE = _CLAIM.replace(b"xact_lock", b"xact_lock_shared")
_UNIQUE_VIOLATION = "23505"
_LOCK = b"SELECT pg_advisory_xact_lock($1)"


class _Spelled(NamedTuple):
    sql: bytes
    names: tuple[str, ...]
    given: Callable[[Sequence[Any]], str]


# Units that claimed what they change never break these: one that did has been overtaken.
_RACED = frozenset(
    {
        "uq_event_id",
        "uq_event_subject_version",
        "uq_crosswalk_current",
        "uq_source_record_key",
        "pk_golden_profile",
        "pk_redirect",
    }
)


class Locks(NamedTuple):
    """The locks that units of any size and readers of the log rest on, how long one waits for any lock, and how long
    one may hold them and say nothing: who is frozen, or cut off, lets go of them before others give up."""

    writers: int
    log: int
    milliseconds: int
    silent: int


class PostgresAsking:
    """Questions about a few records."""

    def __init__(self, connection: Any, refusal: Refusal) -> None:
        self._connection = connection
        self._refusal = refusal

    def ask(self, asked: Asked) -> Answer:
        with self._translated():
            return partial(self._answer, self._ask(asked))

    def _ask(self, asked: Asked) -> psycopg.RawCursor[Any]:
        spelled = _spelled(asked.statement)
        rows = [] if asked.rows is None else [spelled.given(asked.rows)]
        return self._send(spelled.sql, rows + [asked.values[name] for name in spelled.names])

    def _answer(self, asked: psycopg.RawCursor[Any]) -> list[tuple[Any, ...]]:
        with self._translated():
            return asked.fetchall()

    def _send(self, sql: bytes, given: Sequence[Any]) -> psycopg.RawCursor[Any]:
        # A cursor of its own: the answer may be waited for while others are asked.
        return psycopg.RawCursor(self._connection).execute(sql, given)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raced = error.sqlstate == _UNIQUE_VIOLATION and error.diag.constraint_name in _RACED
            raise (refusals.contention() if raced else self._refusal(error)) from None


class PostgresWriting(PostgresAsking):
    """One READ COMMITTED transaction beside others. A unit of any size excludes it, and it excludes those.

    What answers nothing, locks among it, is sent with the next question (a pipeline, in which the server does one thing
    after the other): half the time of a unit was the way there and back.
    """

    def __init__(self, connection: Any, locks: Locks, refusal: Refusal) -> None:
        super().__init__(connection, refusal)
        self._locks = locks
        self._sending = connection.pipeline()

    def __enter__(self) -> Self:
        with self._translated():
            self._pipeline = self._sending.__enter__()
            held = f"{self._locks.milliseconds}ms", f"{self._locks.silent}ms"
            self._send(_BEGIN, (*held, self._locks.writers))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit what went well to the end; a connection that comes back without a commit is rolled back."""
        try:
            if error is None:
                with self._translated():
                    # Ends with a question: only then the driver sends on what a full socket left over, and tells of
                    # the first error rather than of what it led to.
                    self._send(b"COMMIT", ())
                    self._send(b"SELECT 1", ()).fetchall()
        finally:
            # Not told of an error: the driver would log what it passes over then, and rows are personal data.
            with suppress(psycopg.Error):
                self._sending.__exit__(None, None, None)

    def _answer(self, asked: psycopg.RawCursor[Any]) -> list[tuple[Any, ...]]:
        with self._translated():
            if asked.pgresult is None:
                self._pipeline.sync()  # otherwise the server waits for more, and counts no silence
            return asked.fetchall()

    def execute(self, *asked: Asked) -> None:
        with self._translated():
            for one in asked:
                self._ask(one)

    def claim(self, numbers: Sequence[int], *, shared: bool) -> bool:
        with self._translated():
            self._send(_SHARE if shared else _CLAIM, (_array(numbers),))
        return True

    def lock_log(self) -> None:
        with self._translated():
            self._send(_LOCK, (self._locks.log,))


@cache
def _spelled(statement: Statement) -> _Spelled:
    rows, given = _given_rows([(f'"{name}"', _TYPES[kind]) for name, kind in statement.columns.items()])
    sql, names = numbered(statement.sql.format(rows=rows, **_WORDS), "$", 2 if statement.columns else 1)
    return _Spelled(sql.encode(), names, given)


def _given_rows(columns: list[tuple[str, str]]) -> tuple[str, Callable[[Sequence[Any]], str]]:
    """Return the rows that the first parameter holds, as SQL, and what spells that parameter."""
    match columns:
        case [(name, "bigint")]:
            return f"(SELECT given AS {name} FROM unnest(CAST($1 AS bigint[])) AS given)", _array
        case [(name, kind)]:
            return (
                f"(SELECT CAST(value AS {kind}) AS {name} FROM jsonb_array_elements_text(CAST($1 AS jsonb)))",
                _json,
            )
    cells = (f"CAST(value ->> {place} AS {kind}) AS {name}" for place, (name, kind) in enumerate(columns))
    return f"(SELECT {', '.join(cells)} FROM jsonb_array_elements(CAST($1 AS jsonb)))", _json


def _json(rows: Sequence[Any]) -> str:
    return orjson.dumps(rows).decode()


def _array(numbers: Sequence[int]) -> str:
    # As text: the driver would choose a type by the largest number, and the server prepare a statement for each.
    return "{" + ",".join(map(str, numbers)) + "}"
