"""verify: a database → for each promise how much was looked at, and what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, text

from identity.store.dialect import Database
from identity.store.invariants.consents import GRANTS, granted_wrongly
from identity.store.invariants.rights import OVERRIDDEN, RESTRICTED, shown_of_the_restricted, shown_otherwise
from identity.store.invariants.statement import Invariant
from identity.store.invariants.statements import INVARIANTS

__all__ = ["Found", "check", "verify"]


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one promise: how many rows it is about, how many break it, and the first of those, as ids."""

    name: str
    promise: str
    looked: int
    broken: int
    cases: tuple[str, ...]


def verify(
    database: Database, erased: Collection[str], most: int, reached: Callable[[str], None] = lambda _: None
) -> list[Found]:
    """Check every promise in one look at one committed state, which writes nothing and keeps nobody waiting.

    `erased` are the ids that the journal of erasures names; of what breaks a promise the first `most` are told.
    """
    with database.survey() as look:
        return check(look, erased, most, reached)


def check(
    look: Connection, erased: Collection[str], most: int, reached: Callable[[str], None] = lambda _: None
) -> list[Found]:
    """Check the same through a connection that is open."""
    found = []
    for invariant in INVARIANTS:
        reached(invariant.name)
        found.append(_checked(look, invariant, most))
    for name, promise, looked, wrongly in _ACCOUNTS:
        reached(name)
        found.append(Found(name, promise, _count(look, looked), *_told(wrongly(look), most)))
    reached("journal")
    found.append(Found("journal", _JOURNAL, len(erased), *_told(_come_back(look, erased), most)))
    return found


_ACCOUNTS: tuple[tuple[str, str, str, Callable[[Connection], Iterable[str]]], ...] = (
    (
        "consents",
        "A profile grants what somebody has granted, and nobody has refused since.",
        GRANTS,
        granted_wrongly,
    ),
    (
        "restricted_values",
        "No profile shows a value of a record that is restricted.",
        RESTRICTED,
        shown_of_the_restricted,
    ),
    (
        "overridden",
        "A value that somebody gave, and that holds, is the one that is shown; none is that does not hold.",
        OVERRIDDEN,
        shown_otherwise,
    ),
)
"""What no one query tells: a name, a promise, how many rows it is about, and what breaks it."""
_JOURNAL = "Who is in the journal of erasures is not here."


def _checked(look: Connection, invariant: Invariant, most: int) -> Found:
    broken = _count(look, f"SELECT count(*) FROM ({invariant.broken}) AS b")
    cases: Iterable[str] = ()
    if broken:
        cases = look.execute(text(f"{invariant.broken} ORDER BY 1 LIMIT :most"), {"most": most}).scalars()
    return Found(invariant.name, invariant.promise, _count(look, invariant.looked), broken, tuple(cases))


def _count(look: Connection, query: str) -> int:
    return int(look.execute(text(query)).scalar_one())


def _told(cases: Iterable[str], most: int) -> tuple[int, tuple[str, ...]]:
    turned = iter(cases)
    first = tuple(islice(turned, most))
    return len(first) + sum(1 for _ in turned), first


def _come_back(look: Connection, erased: Collection[str]) -> Iterator[str]:
    status = text("SELECT status FROM golden_profile WHERE golden_id = :golden_id")
    for golden_id in sorted(erased):
        found = look.execute(status, {"golden_id": golden_id}).scalar_one_or_none()
        if found in ("live", "empty"):
            yield golden_id
