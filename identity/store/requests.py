"""Requests under a key of the client's; see `ports.RequestLog` for what each call promises."""

from __future__ import annotations

from datetime import datetime, timedelta

from identity.ports.requests import Asking, Begun, BegunState
from identity.ports.work import Clock
from identity.store.dialect import Database, Statement, WriteConnection

__all__ = ["Requests"]

_BEGIN = Statement(
    "INSERT INTO idempotency (client, request_key, fingerprint, operation_id, attempt, begun_at, held_until)"
    " VALUES (:client, :key, :fingerprint, :operation_id, 1, :at, :until)"
    " ON CONFLICT (client, request_key) DO UPDATE SET attempt = idempotency.attempt + 1, held_until = :until"
    " WHERE idempotency.status IS NULL AND idempotency.held_until < :at"
    " AND idempotency.fingerprint = :fingerprint"
    " RETURNING operation_id, attempt"
)
_STANDS = Statement(
    "SELECT fingerprint, operation_id, attempt, status, reply FROM idempotency"
    " WHERE client = :client AND request_key = :key"
)
_MINE = " WHERE client = :client AND request_key = :key AND attempt = :attempt AND status IS NULL"
_FINISH = Statement("UPDATE idempotency SET status = :status, reply = :reply" + _MINE)
_RELEASE = Statement(
    "UPDATE idempotency SET held_until = begun_at" + _MINE + " AND operation_id = :operation_id"
)
_HOLD = Statement("UPDATE idempotency SET held_until = :until" + _MINE + " AND operation_id = :operation_id")
_FORGET = Statement("DELETE FROM idempotency WHERE begun_at < :before RETURNING request_key")


class Requests:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, asking: Asking, operation_id: str, hold: timedelta) -> Begun:
        now = self._clock.now()
        with self._database.write() as connection:
            claimed = connection.ask(
                _BEGIN.of(
                    client=asking.client,
                    key=asking.key,
                    fingerprint=asking.fingerprint,
                    operation_id=operation_id,
                    at=now,
                    until=now + hold,
                )
            )()
            if claimed:
                return Begun(BegunState.MINE, *claimed[0])
            return _standing(connection, asking)

    def hold(self, asking: Asking, operation_id: str, attempt: int, hold: timedelta) -> None:
        mine = {"client": asking.client, "key": asking.key, "attempt": attempt, "operation_id": operation_id}
        with self._database.write() as connection:
            connection.execute(_HOLD.of(**mine, until=self._clock.now() + hold))

    def finish(self, asking: Asking, attempt: int, status: int, reply: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                _FINISH.of(client=asking.client, key=asking.key, attempt=attempt, status=status, reply=reply)
            )

    def release(self, asking: Asking, operation_id: str, attempt: int) -> None:
        mine = {"client": asking.client, "key": asking.key, "attempt": attempt, "operation_id": operation_id}
        with self._database.write() as connection:
            connection.execute(_RELEASE.of(**mine))

    def forget(self, before: datetime) -> int:
        with self._database.write() as connection:
            return len(connection.ask(_FORGET.of(before=before))())


def _standing(connection: WriteConnection, asking: Asking) -> Begun:
    ((fingerprint, operation_id, attempt, status, reply),) = connection.ask(
        _STANDS.of(client=asking.client, key=asking.key)
    )()
    if fingerprint != asking.fingerprint:
        return Begun(BegunState.OTHER, operation_id, attempt)
    if status is None:
        return Begun(BegunState.RUNNING, operation_id, attempt)
    return Begun(BegunState.DONE, operation_id, attempt, status, reply or "")
