"""The tables of who saw or decided what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from identity.store.columns import Row, given_number, key, number, text, time
from identity.store.dialect import CLUSTERED

__all__ = ["AuditHeadRow", "AuditRow"]


class AuditRow(Row, table=True):
    """An entry, sealed together with the hash of the one before. Rows are added and never changed; nothing in them is
    personal, so who is erased stays accounted for."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject", "subject"),)

    seq: int = given_number()
    at: datetime = time()
    actor: str = text()
    action: str = text()
    subject: str = key()
    purpose: str = text()
    details: str = text()
    hash: str = text()


class AuditHeadRow(Row, table=True):
    """Where the trail ends, sealed. There is one; who appends holds it."""

    __tablename__ = "audit_head"
    __table_args__ = (CLUSTERED,)

    name: str = key(primary_key=True)
    seq: int = number()
    hash: str = text()
    seal: str = text()
