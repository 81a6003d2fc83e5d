"""How the unit of work of real time asks: SQL that every database understands once its words are put in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

__all__ = ["Answer", "Asked", "Kind", "ReadConnection", "Statement", "WriteConnection", "numbered"]


class Kind(StrEnum):
    """What a column of given rows holds."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    FLAG = "flag"
    WEIGHT = "weight"


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """SQL with words in braces that a database puts in, and `:name` for single values.

    `{rows}` is where the rows come in that it is asked with: a table of these `columns`. `{as_list}` is the
    aggregate that makes a JSON list of a column. `{passing_over}` ends a query whose rows are taken: those that
    another transaction has taken are passed over. `{unchanged}` ends one whose rows nobody else changes until the end
    of the transaction.
    """

    sql: str
    columns: Mapping[str, Kind] = field(default_factory=dict)

    def on(self, rows: Sequence[Any], **values: Any) -> Asked:
        """Return the question about these rows: tuples, or the bare values of a single column."""
        return Asked(self, rows, values)

    def of(self, **values: Any) -> Asked:
        """Return the question about single values."""
        return Asked(self, None, values)


class Asked(NamedTuple):
    statement: Statement
    rows: Sequence[Any] | None
    values: Mapping[str, Any]


Answer = Callable[[], list[tuple[Any, ...]]]


class ReadConnection(Protocol):
    """A connection that only asks."""

    def ask(self, asked: Asked) -> Answer:
        """Ask a question, and return how to get its answer. Several that are asked before one is answered are sent
        together."""
        ...


class WriteConnection(ReadConnection, Protocol):
    """One open write transaction around a few records. A question sees everything executed before."""

    def execute(self, *asked: Asked) -> None:
        """Run statements that answer nothing, in this order. They may be sent with the next question, so their
        refusal may be raised there, or at the end."""
        ...

    def claim(self, numbers: Sequence[int], *, shared: bool) -> bool:
        """Lock these numbers, in this order, until the transaction ends, alone or beside others who share them, and
        before anything asked from now on is answered. False where the transaction excludes all others."""
        ...

    def lock_log(self) -> None:
        """From here on no other transaction appends events: positions become visible in their order."""
        ...


_VALUE = re.compile(r"(?<!:):(\w+)")


def numbered(sql: str, mark: str, first: int) -> tuple[str, tuple[str, ...]]:
    """Return SQL whose single values are numbered from `first` on behind `mark`, and their names in that order."""
    names = tuple(dict.fromkeys(_VALUE.findall(sql)))
    place = {name: f"{mark}{first + ordinal}" for ordinal, name in enumerate(names)}
    return _VALUE.sub(lambda found: place[found[1]], sql), names
