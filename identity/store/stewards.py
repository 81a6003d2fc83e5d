"""Who may use the review screen: accounts, sessions, and what they were shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from identity.model.errors import LookupFailed, StoreError
from identity.model.steward import Disclosure, Role, Steward
from identity.ports import Clock
from identity.store.dialect import Asked, Database, Statement
from identity.store.tables import TABLES

__all__ = ["Stewards"]

_STEWARD = TABLES["steward"].c
_SESSION = TABLES["steward_session"].c
_SHOWN = TABLES["disclosure"].c

_ADD = Statement(
    "INSERT INTO steward (name, role, password, issuer, subject, status, created_at, changed_at)"
    " VALUES (:name, :role, :password, :issuer, :subject, 'active', :at, :at)"
    " ON CONFLICT DO NOTHING RETURNING name"
)
_CHANGES = {
    "role": Statement("UPDATE steward SET role = :value, changed_at = :at WHERE name = :name RETURNING name"),
    "password": Statement(
        "UPDATE steward SET password = :value, changed_at = :at WHERE name = :name RETURNING name"
    ),
    "status": Statement(
        "UPDATE steward SET status = :value, changed_at = :at WHERE name = :name RETURNING name"
    ),
}
_BEGIN = Statement(
    "INSERT INTO steward_session (digest, steward, begun_at, seen_at, ends_at)"
    " VALUES (:digest, :steward, :at, :at, :ends_at)"
)
_SEEN = Statement("UPDATE steward_session SET seen_at = :at WHERE digest = :digest")
_END = Statement("DELETE FROM steward_session WHERE digest = :digest")
_END_ALL = Statement("DELETE FROM steward_session WHERE steward = :name")
_FORGET = Statement("DELETE FROM steward_session WHERE seen_at < :before OR ends_at < :at")
_DISCLOSE = Statement(
    "INSERT INTO disclosure (steward, session, subject, at, until)"
    " VALUES (:steward, :session, :subject, :at, :until)"
)
_SELDOM = timedelta(minutes=1)
"""That a session is in use is written down this often only."""


class Stewards:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, steward: Steward) -> None:
        """Store an account. StoreError E421 when the name, or the issuer's subject, has one."""
        asked = _ADD.of(
            name=steward.name, role=steward.role.value, password=steward.password,
            issuer=steward.issuer, subject=steward.subject, at=self._clock.now(),
        )  # fmt: skip
        if not self._ask(asked):
            raise StoreError("E421", f"There is an account {steward.name} already.", "Choose another name.")

    def steward(self, name: str) -> Steward | None:
        return self._one(select(*_STEWARD).where(_STEWARD.name == name))

    def known_as(self, issuer: str, subject: str) -> Steward | None:
        """Return who an issuer's subject is here."""
        return self._one(select(*_STEWARD).where(_STEWARD.issuer == issuer, _STEWARD.subject == subject))

    def stewards(self) -> tuple[Steward, ...]:
        with self._database.read() as look:
            return tuple(_steward(row) for row in look.execute(select(*_STEWARD).order_by(_STEWARD.name)))

    def set_role(self, name: str, role: Role) -> None:
        """Give somebody another role. LookupFailed E530 for a name nobody has."""
        self._change("role", name, role.value)

    def set_password(self, name: str, password: str) -> None:
        """Store a password's hash; every session ends. LookupFailed E530 for a name nobody has."""
        self._change("password", name, password, _END_ALL.of(name=name))

    def set_active(self, name: str, *, active: bool) -> None:
        """Open or close an account; a closed one's sessions end. LookupFailed E530 for a name nobody has."""
        besides = () if active else (_END_ALL.of(name=name),)
        self._change("status", name, "active" if active else "closed", *besides)

    def begin_session(self, digest: str, steward: str, lasts: timedelta) -> None:
        at = self._clock.now()
        with self._database.write() as connection:
            connection.execute(_BEGIN.of(digest=digest, steward=steward, at=at, ends_at=at + lasts))

    def session(self, digest: str, idle: timedelta) -> Steward | None:
        """Return whose session this is; None when it is unknown, over, or was idle for too long."""
        at = self._clock.now()
        asked = select(*_STEWARD, _SESSION.seen_at).where(
            _SESSION.digest == digest, _SESSION.steward == _STEWARD.name, _STEWARD.status == "active",
            _SESSION.ends_at > at, _SESSION.seen_at > at - idle,
        )  # fmt: skip
        with self._database.read() as look:
            row = look.execute(asked).one_or_none()
        if row is None:
            return None
        if row.seen_at < at - _SELDOM:
            with self._database.write() as connection:
                connection.execute(_SEEN.of(digest=digest, at=at))
        return _steward(row)

    def end_session(self, digest: str) -> None:
        with self._database.write() as connection:
            connection.execute(_END.of(digest=digest))

    def forget_sessions(self, idle: timedelta) -> None:
        """Forget the sessions that are over."""
        at = self._clock.now()
        with self._database.write() as connection:
            connection.execute(_FORGET.of(before=at - idle, at=at))

    def disclose(self, steward: str, session: str, subject: str, lasts: timedelta) -> None:
        """Write down that somebody is shown the personal data of a subject, for so long in this session."""
        at = self._clock.now()
        told = {"steward": steward, "session": session, "subject": subject, "at": at, "until": at + lasts}
        with self._database.write() as connection:
            connection.execute(_DISCLOSE.of(**told))

    def discloses(self, session: str, subject: str) -> bool:
        """Say whether the personal data of a subject is shown in this session."""
        asked = select(_SHOWN.id).where(
            _SHOWN.session == session, _SHOWN.subject == subject, _SHOWN.until > self._clock.now()
        )
        with self._database.read() as look:
            return look.execute(asked.limit(1)).first() is not None

    def disclosures(self, limit: int = 100) -> tuple[Disclosure, ...]:
        """Return who was shown what, the latest first."""
        asked = select(_SHOWN.steward, _SHOWN.subject, _SHOWN.at, _SHOWN.until).order_by(_SHOWN.id.desc())
        with self._database.read() as look:
            return tuple(Disclosure(*row) for row in look.execute(asked.limit(limit)))

    def _one(self, asked: Any) -> Steward | None:
        with self._database.read() as look:
            row = look.execute(asked).one_or_none()
        return None if row is None else _steward(row)

    def _ask(self, asked: Asked) -> Sequence[Any]:
        with self._database.write() as connection:
            return connection.ask(asked)()

    def _change(self, what: str, name: str, value: str, *besides: Asked) -> None:
        with self._database.write() as connection:
            known = connection.ask(_CHANGES[what].of(name=name, value=value, at=self._clock.now()))()
            if known and besides:
                connection.execute(*besides)
        if not known:
            raise LookupFailed(
                "E530", f"Nobody has an account as {name}.", "`identity steward list` shows them."
            )


def _steward(row: Any) -> Steward:
    return Steward(
        row.name,
        Role(row.role),
        row.password,
        row.issuer,
        row.subject,
        row.status == "active",
        row.created_at,
    )
