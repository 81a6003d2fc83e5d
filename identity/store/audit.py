"""The audit trail: entries are appended behind the head, one transaction at a time, and read as they were sealed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import or_, select

from identity.model.audit import AuditEntry, AuditHead, SealedEntry
from identity.ports import Clock
from identity.steps.refuse import storable
from identity.steps.seal import seal, sealed_head
from identity.store.dialect import Database, Kind, Statement, WriteConnection
from identity.store.tables import TABLES

__all__ = ["Appending", "AuditTrail", "Sealing"]

_AUDIT = TABLES["audit"].c
_HEAD = TABLES["audit_head"].c
_AT_ONCE = 5_000
_COLUMNS = dict.fromkeys(SealedEntry.__slots__, Kind.TEXT) | {"seq": Kind.NUMBER, "at": Kind.TIME}
_LISTED = ", ".join(f'"{name}"' for name in _COLUMNS)

# Who writes the head first waits for whoever has written it, until that transaction ends.
_BEGIN = Statement(
    "INSERT INTO audit_head (name, seq, hash, seal) VALUES ('head', 0, '', '') ON CONFLICT (name) DO NOTHING"
)
_HOLD = Statement("UPDATE audit_head SET seq = seq WHERE name = 'head' RETURNING seq, hash")
_PUT = Statement(f"INSERT INTO audit ({_LISTED}) SELECT {_LISTED} FROM {{rows}} AS s", _COLUMNS)
_END = Statement("UPDATE audit_head SET seq = :seq, hash = :hash, seal = :seal WHERE name = 'head'")


@dataclass(frozen=True, slots=True)
class Sealing:
    """What entries are sealed with, and who is told of the head once it is committed."""

    key: bytes
    told: Callable[[AuditHead], None]

    def append(self, connection: WriteConnection, entries: Sequence[AuditEntry], at: datetime) -> AuditHead:
        """Append entries behind the head, which is held until the transaction ends: the last that it does."""
        found = connection.ask(_HOLD.of())()
        if not found:
            connection.execute(_BEGIN.of())
            found = connection.ask(_HOLD.of())()
        ((seq, before),) = found
        rows = []
        for entry in entries:
            seq += 1
            sealed = self._sealed(entry, seq, before, at)
            before = sealed.hash
            rows.append(tuple(getattr(sealed, name) for name in _COLUMNS))
        head = sealed_head(self.key, seq, before)
        connection.execute(_PUT.on(rows), _END.of(seq=head.seq, hash=head.hash, seal=head.seal))
        return head

    def _sealed(self, entry: AuditEntry, seq: int, before: str, at: datetime) -> SealedEntry:
        details = orjson.dumps(dict(entry.details), option=orjson.OPT_SORT_KEYS).decode()
        plain = SealedEntry(
            seq, at, entry.actor, entry.action.value, entry.subject, entry.purpose, details, ""
        )
        return replace(plain, hash=seal(self.key, before, plain))


@dataclass(slots=True, eq=False)
class _Waiting:
    entries: Sequence[AuditEntry]
    done: bool = False
    problem: BaseException | None = None


class Appending:
    """What threads of a process append at once, in one transaction: alone each would wait for the disk."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self.sealing = sealing
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._waiting: list[_Waiting] = []

    def append(self, entries: Sequence[AuditEntry], clock: Clock) -> None:
        mine = _Waiting(entries)
        with self._lock:
            self._waiting.append(mine)
        with self._writing:
            if not mine.done:
                with self._lock:
                    everybody, self._waiting = self._waiting, []
                self._write(everybody, clock)
        if mine.problem is not None:
            raise mine.problem

    def _write(self, everybody: Sequence[_Waiting], clock: Clock) -> None:
        problem: BaseException | None = None
        try:
            entries = [entry for each in everybody for entry in each.entries]
            with self._database.write() as connection:
                head = self.sealing.append(connection, entries, clock.now())
            self.sealing.told(head)
        except BaseException as caught:
            problem = caught
        for each in everybody:
            each.problem, each.done = problem, True


class AuditTrail:
    def __init__(self, database: Database, clock: Clock, appending: Appending) -> None:
        self._database = database
        self._clock = clock
        self._appending = appending

    @property
    def key(self) -> bytes:
        return self._appending.sealing.key

    def append(self, *entries: AuditEntry) -> None:
        """Append entries in a transaction of their own: when this returns they are kept."""
        self._appending.append(entries, self._clock)

    @contextmanager
    def whole(self) -> Iterator[tuple[AuditHead | None, Iterator[SealedEntry]]]:
        """Give the head, and every entry by rising `seq`, as of one moment."""
        with self._database.read() as look:
            head = look.execute(select(_HEAD.seq, _HEAD.hash, _HEAD.seal)).one_or_none()

            def entries() -> Iterator[SealedEntry]:
                after: int | None = None
                asked = select(*_AUDIT).order_by(_AUDIT.seq).limit(_AT_ONCE)
                while rows := look.execute(asked if after is None else asked.where(_AUDIT.seq > after)).all():
                    yield from (SealedEntry(*row) for row in rows)
                    after = rows[-1].seq

            yield AuditHead(*head) if head else None, entries()

    def entries(
        self, subject: str = "", since: datetime | None = None, after: int = 0, limit: int = 100
    ) -> list[SealedEntry]:
        """Return up to `limit` entries behind the place `after`, oldest first: those about a golden id, be it as one of
        several, and those from a moment on."""
        if not storable(subject):
            return []
        wanted: list[Any] = [_AUDIT.seq > after]
        if subject:
            among = _AUDIT.details.contains(orjson.dumps(subject).decode(), autoescape=True)
            wanted.append(or_(_AUDIT.subject == subject, among))
        if since is not None:
            wanted.append(_AUDIT.at >= since)
        asked = select(*_AUDIT).where(*wanted).order_by(_AUDIT.seq).limit(limit)
        with self._database.read() as look:
            return [SealedEntry(*row) for row in look.execute(asked)]
