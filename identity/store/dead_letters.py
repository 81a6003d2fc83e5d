"""What was not delivered yet, and what was given up; see `ports.delivery.DeadLetters` for what each call promises."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Select, func, select, union

from identity.model.delivery import DeadLetter, DeadLetterStatus, HeldEvent
from identity.model.errors import LookupFailed
from identity.ports import Clock
from identity.store.dialect import Database, Kind, Statement
from identity.store.tables import TABLES
from identity.store.views import EventView

__all__ = ["HOLD", "LET_GO", "PUT_DEAD", "DeadLetters", "dead_row", "held_row", "moments"]

_HELD = TABLES["held_event"]
_DEAD = TABLES["dead_letter"].c
_EVENT = TABLES["event"].c
_OPEN = DeadLetterStatus.OPEN.value
_LONGEST = (_HELD.c.next_at, _HELD.c.position)
_AT_ONCE = 500

_HELD_COLUMNS = {
    "position": Kind.NUMBER,
    "subject": Kind.TEXT,
    "attempts": Kind.NUMBER,
    "first_at": Kind.TIME,
    "next_at": Kind.TIME,
    "last_at": Kind.TIME,
    "code": Kind.TEXT,
    "detail": Kind.TEXT,
}
_HELD_NAMES = ", ".join(_HELD_COLUMNS)
HOLD = Statement(
    f"INSERT INTO held_event (follower, {_HELD_NAMES}) SELECT :name, {_HELD_NAMES} FROM {{rows}} AS s WHERE TRUE"
    " ON CONFLICT (follower, position) DO UPDATE SET attempts = excluded.attempts, next_at = excluded.next_at,"
    " last_at = excluded.last_at, code = excluded.code, detail = excluded.detail",
    _HELD_COLUMNS,
)
LET_GO = Statement(
    "DELETE FROM held_event WHERE follower = :name AND position IN (SELECT position FROM {rows} AS s)",
    {"position": Kind.NUMBER},
)
_DEAD_COLUMNS = {
    "follower": Kind.TEXT,
    "subject": Kind.TEXT,
    "position": Kind.NUMBER,
    "event_id": Kind.TEXT,
    "code": Kind.TEXT,
    "detail": Kind.TEXT,
    "attempts": Kind.NUMBER,
    "first_at": Kind.TIME,
    "last_at": Kind.TIME,
    "payload": Kind.TEXT,
}
_DEAD_NAMES = ", ".join(_DEAD_COLUMNS)
PUT_DEAD = Statement(
    f"INSERT INTO dead_letter ({_DEAD_NAMES}, status) SELECT {_DEAD_NAMES}, 'open' FROM {{rows}} AS s WHERE TRUE"
    " ON CONFLICT (follower, event_id) WHERE status = 'open' DO UPDATE SET code = excluded.code,"
    " detail = excluded.detail, attempts = excluded.attempts, last_at = excluded.last_at",
    _DEAD_COLUMNS,
)
_NUMBERS = {"number": Kind.NUMBER}
# Where it is held already its attempts begin anew.
_HOLD_AGAIN = Statement(
    "INSERT INTO held_event (follower, position, subject, attempts, first_at, next_at, code, detail)"
    " SELECT d.follower, d.position, d.subject, 0, d.first_at, :at, d.code, d.detail"
    " FROM dead_letter AS d JOIN {rows} AS s ON s.number = d.number WHERE d.status = 'open'"
    " ON CONFLICT (follower, position) DO UPDATE SET attempts = 0, next_at = excluded.next_at",
    _NUMBERS,
)
_COUNT_OPEN = Statement(
    "SELECT count(*) FROM dead_letter AS d JOIN {rows} AS s ON s.number = d.number WHERE d.status = 'open'",
    _NUMBERS,
)
_CLOSE = Statement(
    "UPDATE dead_letter SET status = :status, closed_at = :at WHERE status = 'open'"
    " AND number IN (SELECT number FROM {rows} AS s)",
    _NUMBERS,
)


class DeadLetters:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def put_dead_letter(self, letter: DeadLetter) -> None:
        with self._database.write() as connection:
            connection.execute(PUT_DEAD.on([dead_row(letter)]))

    def dead_letters(
        self,
        follower: str | None = None,
        status: DeadLetterStatus | None = DeadLetterStatus.OPEN,
        limit: int = 100,
    ) -> tuple[DeadLetter, ...]:
        asked = select(*_DEAD).order_by(_DEAD.number).limit(limit)
        if follower is not None:
            asked = asked.where(_DEAD.follower == follower)
        if status is not None:
            asked = asked.where(_DEAD.status == status.value)
        return tuple(_dead_letter(row) for row in self._rows(asked))

    def dead_letter(self, number: int) -> DeadLetter:
        found = self._rows(select(*_DEAD).where(_DEAD.number == number))
        if not found:
            raise LookupFailed("E521", f"No dead letter has the number {number}.")
        return _dead_letter(found[0])

    def dead_letters_open(self) -> dict[str, int]:
        asked = select(_DEAD.follower, func.count()).where(_DEAD.status == _OPEN).group_by(_DEAD.follower)
        return {follower: int(count) for follower, count in self._rows(asked)}

    def held_counts(self) -> dict[str, int]:
        asked = select(_HELD.c.follower, func.count()).group_by(_HELD.c.follower)
        return {follower: int(count) for follower, count in self._rows(asked)}

    def redrive(self, numbers: Collection[int]) -> int:
        return self._close(numbers, DeadLetterStatus.REDRIVEN)

    def drop(self, numbers: Collection[int]) -> int:
        return self._close(numbers, DeadLetterStatus.DROPPED)

    def _close(self, numbers: Collection[int], status: DeadLetterStatus) -> int:
        wanted, at = sorted(set(numbers)), self._clock.now()
        if not wanted:
            return 0
        with self._database.write() as connection:
            ((count,),) = connection.ask(_COUNT_OPEN.on(wanted))()
            if status is DeadLetterStatus.REDRIVEN:
                connection.execute(_HOLD_AGAIN.on(wanted, at=at))
            connection.execute(_CLOSE.on(wanted, status=status.value, at=at))
        return int(count)

    def held(self, follower: str, limit: int = 100) -> tuple[HeldEvent, ...]:
        asked = select(_HELD).where(_HELD.c.follower == follower).order_by(_HELD.c.position).limit(limit)
        return tuple(HeldEvent(**row._mapping) for row in self._rows(asked))

    def held_subjects(self, follower: str, subjects: Collection[str]) -> frozenset[str]:
        wanted, found = sorted(set(subjects)), set[str]()
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            asked = union(
                select(_HELD.c.subject).where(_HELD.c.follower == follower, _HELD.c.subject.in_(some)),
                select(_DEAD.subject).where(
                    _DEAD.follower == follower, _DEAD.status == _OPEN, _DEAD.subject.in_(some)
                ),
            )
            found.update(row.subject for row in self._rows(asked))
        return frozenset(found)

    def due(self, follower: str, limit: int) -> tuple[tuple[HeldEvent, EventView], ...]:
        held = _heads(follower).where(_HELD.c.next_at <= self._clock.now()).order_by(*_LONGEST)
        chosen = held.limit(limit).subquery()
        asked = select(chosen, *(_EVENT[name].label(f"event_{name}") for name in _EVENT.keys()))  # noqa: SIM118
        asked = asked.join_from(chosen, TABLES["event"], _EVENT.position == chosen.c.position)
        return tuple(_due(row) for row in self._rows(asked.order_by(chosen.c.next_at, chosen.c.position)))

    def next_due(self, follower: str) -> datetime | None:
        heads = _heads(follower).subquery()
        first: datetime | None = self._rows(select(func.min(heads.c.next_at)))[0][0]
        return first

    def _rows(self, asked: Any) -> list[Any]:
        with self._database.read() as look:
            return list(look.execute(asked).all())


def _heads(follower: str) -> Select[Any]:
    """Select what is the first of its subject, and does not wait behind what was given up."""
    earlier = _HELD.alias("earlier")
    return select(_HELD).where(
        _HELD.c.follower == follower,
        ~select(earlier.c.position)
        .where(
            earlier.c.follower == follower,
            earlier.c.subject == _HELD.c.subject,
            earlier.c.position < _HELD.c.position,
        )
        .exists(),
        ~select(_DEAD.number)
        .where(_DEAD.follower == follower, _DEAD.subject == _HELD.c.subject, _DEAD.status == _OPEN)
        .exists(),
    )


def _due(row: Any) -> tuple[HeldEvent, EventView]:
    told = dict(row._mapping)
    event = {name.removeprefix("event_"): told.pop(name) for name in list(told) if name.startswith("event_")}
    return HeldEvent(**told), EventView(**{**event, "body": orjson.loads(event["body"])})


def dead_row(letter: DeadLetter) -> tuple[Any, ...]:
    return tuple(getattr(letter, name) for name in _DEAD_COLUMNS)


def _dead_letter(row: Any) -> DeadLetter:
    return DeadLetter(**{**row._mapping, "status": DeadLetterStatus(row.status)})


def held_row(event: HeldEvent) -> tuple[Any, ...]:
    return tuple(getattr(event, name) for name in _HELD_COLUMNS)


def moments(clock: Clock, seconds: float) -> tuple[datetime, datetime]:
    """Return this moment, and until when a lease holds that is taken or renewed now."""
    now = clock.now()
    return now, now + timedelta(seconds=seconds)
