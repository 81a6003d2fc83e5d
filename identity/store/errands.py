"""What followers have still to do about people who were erased: the only place where their accounts are named yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from identity.model.following import Forgotten
from identity.model.loyalty import LOYALTY
from identity.model.privacy import Receipt
from identity.store.dialect import Asked, Kind, Statement
from identity.store.loyalty_page import ACTIVE_MERGES
from identity.store.tables import TABLES

__all__ = ["FOLLOWERS", "errands_of", "put_errands", "put_forgotten", "receipts_of"]

_ERRAND = TABLES["erasure_errand"].c
_REACHED = TABLES["propagation"].c
_SAID = {"pending": "told", "acknowledged": "done", "failed": "failed", "compensated": "done"}

FOLLOWERS = Statement("SELECT name FROM consumer")
_TELL = Statement(
    'INSERT INTO propagation (causation, consumer, status, code, "at")'
    " SELECT :erasure_id, s.consumer, 'pending', '', :at FROM {rows} AS s WHERE TRUE"
    " ON CONFLICT (causation, consumer) DO NOTHING",
    {"consumer": Kind.TEXT},
)
_PUT = Statement(
    "INSERT INTO erasure_errand (erasure_id, consumer, number)"
    " SELECT :erasure_id, s.consumer, s.number FROM {rows} AS s WHERE TRUE"
    " ON CONFLICT (erasure_id, consumer, number) DO NOTHING",
    {"consumer": Kind.TEXT, "number": Kind.TEXT},
)
_THEIRS = (
    "SELECT e.number FROM erasure_errand AS e WHERE e.erasure_id = :erasure_id AND e.consumer = :consumer"
)
# Merges with somebody else's members, which were taken back for this: of no use to anybody any more.
_FORGET_MERGES = (
    Statement(
        f"DELETE FROM loyalty_merge WHERE status NOT IN ({ACTIVE_MERGES})"
        f" AND number IN (SELECT d.merge FROM loyalty_merged AS d WHERE d.member IN ({_THEIRS}))"
    ),
    Statement(f"DELETE FROM loyalty_merged WHERE member IN ({_THEIRS})"),
)
_DONE = Statement("DELETE FROM erasure_errand WHERE erasure_id = :erasure_id AND consumer = :consumer")
_FORGET_WRITTEN = Statement(
    "DELETE FROM erp_written WHERE golden_id IS NULL AND number IN (SELECT s.number FROM {rows} AS s)",
    {"number": Kind.TEXT},
)


def put_errands(erasure_id: str, accounts: Mapping[str, Sequence[str]], at: datetime) -> list[Asked]:
    """Return what stores which accounts each consumer has to forget; one without any is told all the same."""
    rows = [(consumer, number) for consumer, numbers in accounts.items() for number in numbers]
    return [_TELL.on(sorted(accounts), erasure_id=erasure_id, at=at), _PUT.on(rows, erasure_id=erasure_id)]


def put_forgotten(done: Forgotten) -> list[Asked]:
    """Return what removes the last names of accounts, once they are dealt with."""
    whose = {"erasure_id": done.erasure_id, "consumer": done.consumer}
    merges = [statement.of(**whose) for statement in _FORGET_MERGES] if done.consumer == LOYALTY else []
    gone = [*merges, _DONE.of(**whose)]
    return [*gone, _FORGET_WRITTEN.on(list(done.numbers))] if done.numbers else gone


def errands_of(look: Connection, erasure_id: str, consumer: str) -> tuple[str, ...] | None:
    """Return the accounts that a consumer has to forget; None where it was not told of this erasure."""
    told = select(_REACHED.consumer).where(_REACHED.causation == erasure_id, _REACHED.consumer == consumer)
    if look.execute(told).first() is None:
        return None
    asked = select(_ERRAND.number).where(_ERRAND.erasure_id == erasure_id, _ERRAND.consumer == consumer)
    return tuple(look.execute(asked.order_by(_ERRAND.number)).scalars())


def receipts_of(look: Connection, erasure_ids: Sequence[str]) -> list[tuple[str, Receipt]]:
    """Return what became of erasures at consumers: written by each of them, together with what it did."""
    rows: list[Any] = list(look.execute(select(*_REACHED).where(_REACHED.causation.in_(erasure_ids))))
    return [
        (row.causation, Receipt(row.consumer, _SAID[row.status], row.at, row.code))
        for row in sorted(rows, key=lambda row: str(row.consumer))
    ]
