"""The log as those who deliver it see it, and how far they came; see `ports.delivery.Deliveries`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func, select

from identity.model.delivery import Lease
from identity.ports import Clock
from identity.ports.delivery import Settlement
from identity.store.dead_letters import HOLD, LET_GO, PUT_DEAD, DeadLetters, dead_row, held_row, moments
from identity.store.dialect import Asked, Database, Statement
from identity.store.meanwhile import passed_over, without
from identity.store.subscribers import Subscribers
from identity.store.tables import TABLES
from identity.store.views import EventView, Views

__all__ = ["Deliveries"]

_EVENT = TABLES["event"].c

# Epochs follow the clock where that is ahead: they rise also when the row was lost, and put there again.
_TAKE = Statement(
    "UPDATE subscriber SET holder = :holder, held_until = :until,"
    " epoch = CASE WHEN epoch < :least THEN :least ELSE epoch + 1 END WHERE name = :name"
    " AND status = 'active' AND (held_until IS NULL OR held_until <= :now) RETURNING epoch"
)
_MINE = "WHERE name = :name AND epoch = :epoch RETURNING name"
# Who publishes to a subscriber that was paused meanwhile stops.
_MINE_ACTIVE = "WHERE name = :name AND epoch = :epoch AND status = 'active' RETURNING name"
_KEEP = Statement(f"UPDATE subscriber SET held_until = :until {_MINE_ACTIVE}")
_RELEASE = Statement(f"UPDATE subscriber SET held_until = NULL {_MINE}")
_ADVANCE = Statement(f"UPDATE subscriber SET position = :position, held_until = :until {_MINE_ACTIVE}")
_TRIMMED = Statement(f"UPDATE subscriber SET horizon = :horizon {_MINE}")
_READ = Statement(f"UPDATE subscriber SET readers = :readers {_MINE}")
_SETTLE = Statement(
    "UPDATE subscriber SET position = :position, failures = :failures, failing_since = :failing_since,"
    f" retry_at = :retry_at, held_until = :until {_MINE}"
)
# A person who has paused it meanwhile has the last word.
_DISABLE = Statement(
    "UPDATE subscriber SET status = 'disabled', reason = :reason, changed_at = :at"
    " WHERE name = :name AND status = 'active'"
)


class Deliveries(Subscribers, DeadLetters):
    def __init__(self, database: Database, clock: Clock) -> None:
        Subscribers.__init__(self, database, clock)
        self._views = Views(database)

    def events(self, after: int = 0, limit: int = 100) -> tuple[EventView, ...]:
        return self._views.events(after, limit)

    def log_end(self) -> int:
        return int(self._rows(select(func.coalesce(func.max(_EVENT.position), 0)))[0][0])

    def position_before(self, moment: datetime) -> int:
        first = self._rows(select(func.min(_EVENT.position)).where(_EVENT.time >= moment))[0][0]
        return self.log_end() if first is None else int(first) - 1

    def take(self, name: str, holder: str, seconds: float) -> Lease | None:
        now, until = moments(self._clock, seconds)
        with self._database.write() as connection:
            asked = _TAKE.of(name=name, holder=holder, until=until, now=now, least=_milliseconds(now))
            taken = connection.ask(asked)()
        return Lease(name, holder, int(taken[0][0]), until) if taken else None

    def keep(self, lease: Lease, seconds: float) -> bool:
        return self._held(lease, _KEEP, until=moments(self._clock, seconds)[1])

    def release(self, lease: Lease) -> None:
        self._held(lease, _RELEASE)

    def advance(self, lease: Lease, position: int, seconds: float) -> bool:
        return self._held(lease, _ADVANCE, position=position, until=moments(self._clock, seconds)[1])

    def trimmed(self, lease: Lease, horizon: int) -> bool:
        return self._held(lease, _TRIMMED, horizon=horizon)

    def read_by(self, lease: Lease, readers: Collection[str]) -> bool:
        return self._held(lease, _READ, readers=orjson.dumps(sorted(readers)).decode())

    def settle(self, lease: Lease, settlement: Settlement, seconds: float) -> bool:
        now, until = moments(self._clock, seconds)
        asked = _SETTLE.of(
            name=lease.name,
            epoch=lease.epoch,
            position=settlement.position,
            failures=settlement.failures,
            failing_since=settlement.failing_since,
            retry_at=settlement.retry_at,
            until=until,
        )
        with self._database.write() as connection:
            if not connection.ask(asked)():
                return False
            passed = passed_over(connection, settlement.held, settlement.dead)
            connection.execute(*_consequences(lease.name, settlement, passed, now))
        return True

    def _held(self, lease: Lease, statement: Statement, **values: Any) -> bool:
        with self._database.write() as connection:
            kept = connection.ask(statement.of(name=lease.name, epoch=lease.epoch, **values))()
        return bool(kept)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)


def _consequences(name: str, settlement: Settlement, passed: Mapping[int, str], now: datetime) -> list[Asked]:
    asked = []
    held, dead = without(settlement.held, passed), without(settlement.dead, passed)
    gone = {*settlement.delivered, *(letter.position for letter in dead), *passed}
    if gone:
        asked.append(LET_GO.on(sorted(gone), name=name))
    if held:
        asked.append(HOLD.on([held_row(event) for event in held], name=name))
    if dead:
        asked.append(PUT_DEAD.on([dead_row(letter) for letter in dead]))
    if settlement.disabled:
        asked.append(_DISABLE.of(name=name, reason=settlement.disabled, at=now))
    return asked
