"""A database whose transactions are spans of a trace: how long each took, whatever it said."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from sqlalchemy import Connection

from identity.observing.traces import observed
from identity.store.dialect.asking import ReadConnection, WriteConnection
from identity.store.dialect.connections import BulkConnection, Database, LogPosition

__all__ = ["Observed"]


class Observed:
    """See `Database` for what each call promises. Statements and what they are asked with are told to nobody."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> AbstractContextManager[Connection]:
        return observed("database read", self._database.read())

    def survey(self) -> AbstractContextManager[Connection]:
        return observed("database survey", self._database.survey())

    def alter(self) -> AbstractContextManager[Connection]:
        return observed("database alter", self._database.alter())

    def bulk(self) -> BulkConnection:
        return self._database.bulk()

    def look(self) -> AbstractContextManager[ReadConnection]:
        return observed("database look", self._database.look())

    def steady(self) -> AbstractContextManager[ReadConnection]:
        return observed("database look", self._database.steady())

    def write(self) -> AbstractContextManager[WriteConnection]:
        return observed("database write", self._database.write())

    def log_position(self) -> LogPosition | None:
        return self._database.log_position()  # asked each second: no span of anybody's trace

    def sever(self) -> None:
        self._database.sever()

    def scrub(self) -> None:
        self._database.scrub()

    def dump(self, file: Path) -> None:
        with observed("database dump", nullcontext()):
            self._database.dump(file)

    def restore(self, file: Path) -> None:
        with observed("database restore", nullcontext()):
            self._database.restore(file)

    def partition(self, into: int) -> dict[str, int]:
        with observed("database partition", nullcontext()):
            return self._database.partition(into)

    def close(self) -> None:
        self._database.close()
