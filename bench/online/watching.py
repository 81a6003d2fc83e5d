"""What units of work went through: how many were tried again, and what was queued and taken off the queue."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

from identity.bootstrap import Service
from identity.model.errors import Contention
from identity.ports import Clock, Look, OnlineTransactions, OnlineWork, Redo

__all__ = ["Seen", "watch"]


@dataclass(slots=True)
class Seen:
    """`overtaken` units had to be tried again; `queued` and `redone` count items to be decided again."""

    units: int = 0
    overtaken: int = 0
    queued: int = 0
    redone: int = 0


def watch(service: Service) -> Seen:
    """Watch what a service does from now on."""
    seen = Seen()
    # The desk is made once per service: this one takes its place.
    desk = replace(service.desk, transactions=_Watched(service.desk.transactions, seen))
    vars(service)["desk"] = desk
    return seen


@dataclass(frozen=True, slots=True)
class _Watched:
    transactions: OnlineTransactions
    seen: Seen

    def look(self) -> AbstractContextManager[Look]:
        return self.transactions.look()

    @contextmanager
    def online(self, clock: Clock) -> Iterator[OnlineWork]:
        self.seen.units += 1
        try:
            with self.transactions.online(clock) as work:
                yield cast(OnlineWork, _Work(work, self.seen))
        except Contention:
            self.seen.overtaken += 1
            raise


class _Work:
    def __init__(self, work: OnlineWork, seen: Seen) -> None:
        self._work = work
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)

    def put_redo(self, items: Collection[Redo]) -> None:
        self._seen.queued += len(items)
        self._work.put_redo(items)

    def take_redo(self, most: int) -> list[Redo]:
        taken = self._work.take_redo(most)
        self._seen.redone += len(taken)
        return taken
