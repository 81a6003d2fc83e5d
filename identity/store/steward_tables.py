"""The tables of the review screen: who may use it, who is at what, what was noted and what was revealed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from identity.store.columns import Row, key, position, text, time
from identity.store.dialect import NEVER_REUSED, partial_index


class StewardRow(Row, table=True):
    """Somebody who may use the screen: known by a password (its hash), or by an issuer's name for them."""

    __tablename__ = "steward"
    __table_args__ = (
        partial_index("uq_steward_subject", "issuer", "subject", where="subject <> ''", unique=True),
    )

    name: str = key(primary_key=True)
    role: str = text()
    password: str = text()
    issuer: str = key()
    subject: str = key()
    status: str = text()
    created_at: datetime = time()
    changed_at: datetime = time()


class StewardSessionRow(Row, table=True):
    """A steward who logged in. The token itself is only in their browser."""

    __tablename__ = "steward_session"
    __table_args__ = (Index("ix_steward_session_steward", "steward"),)

    digest: str = key(primary_key=True)
    steward: str = key()
    begun_at: datetime = time()
    seen_at: datetime = time()
    ends_at: datetime = time()


class DisclosureRow(Row, table=True):
    """A steward saw the personal data of a task or of a profile. Rows are never deleted."""

    __tablename__ = "disclosure"
    __table_args__ = (
        Index("ix_disclosure_session", "session", "subject"),
        Index("ix_disclosure_at", "at"),
        NEVER_REUSED,
    )

    id: int | None = position()
    steward: str = key()
    session: str = key()
    subject: str = key()
    at: datetime = time()
    until: datetime = time()


class ReviewDeskRow(Row, table=True):
    """Who is at a task and until when, whose it shall be, and what else it waits for."""

    __tablename__ = "review_desk"
    __table_args__ = (
        partial_index("ix_review_desk_holder", "holder", where="holder IS NOT NULL"),
        partial_index("ix_review_desk_assignee", "assignee", where="assignee IS NOT NULL"),
        partial_index("ix_review_desk_stage", "stage", where="stage <> ''"),
    )

    task_id: str = key(primary_key=True)
    holder: str | None = key(default=None)
    held_until: datetime | None = time(default=None)
    assignee: str | None = key(default=None)
    stage: str = text()
    stage_by: str = text()
    proposal: str = text()


class ReviewNoteRow(Row, table=True):
    """What a steward noted about a task. Rows are never deleted."""

    __tablename__ = "review_note"
    __table_args__ = (Index("ix_review_note_task", "task_id"), NEVER_REUSED)

    id: int | None = position()
    task_id: str = key()
    actor: str = key()
    at: datetime = time()
    kind: str = text()
    note: str = text()
