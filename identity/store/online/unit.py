"""What every side of the unit of work stands on: the open transaction, its moment, what it has claimed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from identity.model.audit import AuditEntry
from identity.ports import Clock
from identity.store.audit import Sealing
from identity.store.dialect import Answer, Asked, Database, WriteConnection, utc
from identity.store.fields import PLAIN, Fields
from identity.store.online import statements as sql

__all__ = ["Unit"]

_INSTANT = timedelta(microseconds=1)
"""The least by which moments differ."""


class Unit:
    """One transaction around a few records, for a `with` block."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        features: tuple[str, ...],
        sealing: Sealing | None = None,
        fields: Fields = PLAIN,
    ) -> None:
        self._database = database
        self._clock = clock
        self._features = features
        self._sealing = sealing
        self._fields = fields
        self._audited: list[AuditEntry] = []
        self._transaction: AbstractContextManager[WriteConnection] | None = None
        self._open: WriteConnection | None = None
        self._began: datetime | None = None
        self._at: datetime | None = None
        self._latest: Answer | None = None
        self._claimed: set[int] = set()
        self._shared: set[int] = set()

    def __enter__(self) -> Self:
        self._transaction = self._database.write()
        self._open = self._transaction.__enter__()
        self._began = self._clock.now()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._transaction is not None
        if kind is not None or not self._audited or self._sealing is None:
            self._open = None
            self._transaction.__exit__(kind, error, trace)
            return
        with self._transaction_ending():
            head = self._sealing.append(self._connection, self._audited, self.at)
        self._sealing.told(head)

    @contextmanager
    def _transaction_ending(self) -> Iterator[None]:
        assert self._transaction is not None
        try:
            yield
        except BaseException as error:
            self._transaction.__exit__(type(error), error, error.__traceback__)
            raise
        finally:
            self._open = None
        self._transaction.__exit__(None, None, None)

    @property
    def _connection(self) -> WriteConnection:
        if self._open is None:
            raise RuntimeError("a unit of work is used inside its with block only")
        return self._open

    @property
    def at(self) -> datetime:
        """The moment of this unit; later after a claim that let another unit finish first."""
        # A clock that stands, or was set back, must not put a change beside or before one that is already history: what
        # was so just before a change would be told by no moment.
        if self._at is None:
            ((latest,),) = (self._latest or self._ask(sql.LATEST_CHANGE.of()))()
            assert self._began is not None
            self._began = max(self._began, utc(latest) + _INSTANT) if latest else self._began
            self._at = self._began
        return self._at

    def audit(self, entry: AuditEntry) -> None:
        # Written last of all, whatever follows: whoever holds the head of the trail waits for nobody.
        self._audited.append(entry)

    def claim(self, things: Iterable[int]) -> bool:
        return self._took(things, self._claimed, shared=False)

    def share(self, things: Iterable[int]) -> bool:
        return self._took(set(things) - self._claimed, self._shared, shared=True)

    def _took(self, things: Iterable[int], held: set[int], *, shared: bool) -> bool:
        wanted = sorted(set(things) - held)
        if not wanted or not self._connection.claim(wanted, shared=shared):
            return False
        held.update(wanted)
        # Who held them until now may have made changes later than this unit began: asked on the way to what is next.
        self._at, self._latest = None, self._ask(sql.LATEST_CHANGE.of())
        return True

    def _ask(self, asked: Asked) -> Answer:
        return self._connection.ask(asked)

    def _fetch(self, asked: Asked) -> list[tuple[Any, ...]]:
        return self._ask(asked)()

    def _execute(self, *asked: Asked) -> None:
        """Run those of the statements that have anything to run on."""
        if some := [one for one in asked if one.rows is None or one.rows]:
            self._connection.execute(*some)
