"""Who is told what happened; see `ports.delivery.Subscribers` for what each call promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import select

from identity.model.delivery import Subscriber, SubscriberKind, SubscriberStatus
from identity.model.errors import DeliveryError, LookupFailed
from identity.ports import Clock
from identity.store.dialect import Asked, Database, Statement
from identity.store.tables import TABLES

__all__ = ["Subscribers"]

_SUBSCRIBER = TABLES["subscriber"].c
_TOLD = [column for column in _SUBSCRIBER if column.name not in ("holder", "epoch", "held_until")]
_NAMES = (
    "name, kind, address, types, secrets, readers, status, reason, created_at, changed_at, position, horizon,"
    " generation, log, failures, epoch"
)
_ADD = Statement(
    f"INSERT INTO subscriber ({_NAMES}) VALUES (:name, :kind, :address, :types, :secrets, :readers, :status, :reason,"
    " :at, :at, :position, :horizon, :generation, :log, 0, 0) ON CONFLICT (name) DO NOTHING RETURNING name"
)
_CONSUMES = Statement("SELECT name FROM consumer WHERE name = :name")
_SET_STATUS = Statement(
    "UPDATE subscriber SET status = :status, reason = :reason, changed_at = :at WHERE name = :name RETURNING name"
)
_FORGIVE = Statement(
    "UPDATE subscriber SET failures = 0, failing_since = NULL, retry_at = NULL WHERE name = :name"
)
# Another epoch: what is on its way to the old address does not count.
_SET_ADDRESS = Statement(
    "UPDATE subscriber SET address = :value, changed_at = :at, epoch = epoch + 1, held_until = NULL"
    " WHERE name = :name RETURNING name"
)
_DUE_NOW = Statement("UPDATE held_event SET next_at = :at WHERE follower = :name AND next_at > :at")
_SET_TYPES = Statement(
    "UPDATE subscriber SET types = :value, changed_at = :at WHERE name = :name RETURNING name"
)
_SET_SECRETS = Statement(
    "UPDATE subscriber SET secrets = :value, changed_at = :at WHERE name = :name RETURNING name"
)
_SET_READERS = Statement(
    "UPDATE subscriber SET readers = :value, changed_at = :at, epoch = epoch + 1, held_until = NULL"
    " WHERE name = :name RETURNING name"
)
_REMOVE = Statement("DELETE FROM subscriber WHERE name = :name RETURNING name")
_LET_GO_BEHIND = Statement("DELETE FROM held_event WHERE follower = :name AND position > :position")
_REDRIVE_BEHIND = Statement(
    "UPDATE dead_letter SET status = 'redriven', closed_at = :at"
    " WHERE follower = :name AND position > :position AND status = 'open'"
)
# Another epoch: whoever is delivering now keeps nothing of it. What readers are not done with is never skipped.
_REWIND = Statement(
    "UPDATE subscriber SET position = CASE WHEN position < :position THEN position ELSE :position END,"
    " horizon = CASE WHEN horizon < :position THEN horizon ELSE :position END,"
    " generation = generation + 1, epoch = epoch + 1, held_until = NULL, changed_at = :at"
    " WHERE name = :name RETURNING name"
)


class Subscribers:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, subscriber: Subscriber) -> None:
        told = {
            name: getattr(subscriber, name)
            for name in ("name", "address", "reason", "position", "horizon", "generation", "log")
        }
        asked = _ADD.of(
            **told,
            kind=subscriber.kind.value,
            status=subscriber.status.value,
            types=_json(subscriber.types),
            secrets=_json(subscriber.secrets),
            readers=_json(subscriber.readers),
            at=subscriber.created_at,
        )
        with self._database.write() as connection:
            taken = connection.ask(_CONSUMES.of(name=subscriber.name))()
            added = not taken and connection.ask(asked)()
        if not added:
            raise DeliveryError("E701", f"There is a subscriber or a consumer {subscriber.name} already.")

    def subscriber(self, name: str) -> Subscriber:
        with self._database.read() as look:
            row = look.execute(select(*_TOLD).where(_SUBSCRIBER.name == name)).one_or_none()
        if row is None:
            raise _unknown(name)
        return _subscriber(row)

    def subscribers(self) -> tuple[Subscriber, ...]:
        with self._database.read() as look:
            rows = look.execute(select(*_TOLD).order_by(_SUBSCRIBER.name)).all()
        return tuple(_subscriber(row) for row in rows)

    def set_status(self, name: str, status: SubscriberStatus, reason: str) -> None:
        at = self._clock.now()
        asked = _SET_STATUS.of(name=name, status=status.value, reason=reason, at=at)
        anew = [_FORGIVE.of(name=name), _DUE_NOW.of(name=name, at=at)]
        self._change(name, asked, *(anew if status is SubscriberStatus.ACTIVE else []))

    def set_address(self, name: str, address: str) -> None:
        self._change(name, _SET_ADDRESS.of(name=name, value=address, at=self._clock.now()))

    def set_types(self, name: str, types: Sequence[str]) -> None:
        self._change(name, _SET_TYPES.of(name=name, value=_json(types), at=self._clock.now()))

    def set_secrets(self, name: str, secrets: Sequence[str]) -> None:
        self._change(name, _SET_SECRETS.of(name=name, value=_json(secrets), at=self._clock.now()))

    def set_readers(self, name: str, readers: Sequence[str]) -> None:
        self._change(name, _SET_READERS.of(name=name, value=_json(readers), at=self._clock.now()))

    def remove(self, name: str) -> None:
        self._change(name, _REMOVE.of(name=name), _LET_GO_BEHIND.of(name=name, position=-1))

    def rewind(self, name: str, position: int) -> None:
        told = {"name": name, "position": position}
        at = self._clock.now()
        self._change(
            name, _REWIND.of(**told, at=at), _LET_GO_BEHIND.of(**told), _REDRIVE_BEHIND.of(**told, at=at)
        )

    def _change(self, name: str, asked: Asked, *besides: Asked) -> None:
        with self._database.write() as connection:
            known = connection.ask(asked)()
            if known:
                connection.execute(*besides)
        if not known:
            raise _unknown(name)


def _unknown(name: str) -> LookupFailed:
    return LookupFailed("E520", f"No subscriber is known as {name}.")


def _json(names: Sequence[str]) -> str:
    return orjson.dumps(list(names)).decode()


def _subscriber(row: Any) -> Subscriber:
    return Subscriber(
        **{
            **row._mapping,
            "kind": SubscriberKind(row.kind),
            "status": SubscriberStatus(row.status),
            "types": tuple(orjson.loads(row.types)),
            "secrets": tuple(orjson.loads(row.secrets)),
            "readers": tuple(orjson.loads(row.readers)),
        }
    )
