"""The review screen: accounts and sessions, who is at which task, notes, and what was revealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import NEVER_REUSED, KeyText, Position, UtcDateTime, where

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _people()
    _desks()


def _people() -> None:
    op.create_table(
        "steward",
        sa.Column("name", KeyText, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("issuer", KeyText, nullable=False),
        sa.Column("subject", KeyText, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_steward"),
    )
    known = where("subject <> ''")
    op.create_index("uq_steward_subject", "steward", ["issuer", "subject"], unique=True, **known)
    op.create_table(
        "steward_session",
        sa.Column("digest", KeyText, nullable=False),
        sa.Column("steward", KeyText, nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_steward_session"),
    )
    op.create_index("ix_steward_session_steward", "steward_session", ["steward"])
    op.create_table(
        "disclosure",
        sa.Column("id", Position, autoincrement=True, nullable=False),
        sa.Column("steward", KeyText, nullable=False),
        sa.Column("session", KeyText, nullable=False),
        sa.Column("subject", KeyText, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_disclosure"),
        **NEVER_REUSED,
    )
    op.create_index("ix_disclosure_session", "disclosure", ["session", "subject"])
    op.create_index("ix_disclosure_at", "disclosure", ["at"])


def _desks() -> None:
    op.create_table(
        "review_desk",
        sa.Column("task_id", KeyText, nullable=False),
        sa.Column("holder", KeyText, nullable=True),
        sa.Column("held_until", UtcDateTime(), nullable=True),
        sa.Column("assignee", KeyText, nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("stage_by", sa.Text(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", name="pk_review_desk"),
    )
    for column in ("holder", "assignee"):
        known = where(f"{column} IS NOT NULL")
        op.create_index(f"ix_review_desk_{column}", "review_desk", [column], **known)
    op.create_index("ix_review_desk_stage", "review_desk", ["stage"], **where("stage <> ''"))
    op.create_table(
        "review_note",
        sa.Column("id", Position, autoincrement=True, nullable=False),
        sa.Column("task_id", KeyText, nullable=False),
        sa.Column("actor", KeyText, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_review_note"),
        **NEVER_REUSED,
    )
    op.create_index("ix_review_note_task", "review_note", ["task_id"])

    columns = ["kind", "priority", "deferred_until"]
    op.create_index("ix_review_task_kind", "review_task", columns, **where("closed_at IS NULL"))


def downgrade() -> None:
    op.drop_index("ix_review_task_kind", "review_task")
    for table in ("review_note", "review_desk", "disclosure", "steward_session", "steward"):
        op.drop_table(table)
