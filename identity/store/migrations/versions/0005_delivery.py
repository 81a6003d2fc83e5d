"""Events leave: who is told and how far, what is held back, what was given up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import CLUSTERED, NEVER_REUSED, KeyText, Position, UtcDateTime, where

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subscriber",
        sa.Column("name", KeyText, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("kind", "address", "types", "secrets", "status", "reason", "readers")
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        *(sa.Column(name, Position, nullable=False) for name in ("position", "horizon", "generation")),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("failures", Position, nullable=False),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("retry_at", UtcDateTime(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("epoch", Position, nullable=False),
        sa.Column("held_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_subscriber"),
    )
    op.create_table(
        "held_event",
        sa.Column("follower", KeyText, nullable=False),
        sa.Column("position", Position, nullable=False),
        sa.Column("subject", KeyText, nullable=False),
        sa.Column("attempts", Position, nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("follower", "position", name="pk_held_event"),
        **CLUSTERED,
    )
    op.create_index("ix_held_event_subject", "held_event", ["follower", "subject", "position"])
    op.create_index("ix_held_event_next", "held_event", ["follower", "next_at"])
    _dead_letters()


def _dead_letters() -> None:
    op.create_table(
        "dead_letter",
        sa.Column("number", Position, autoincrement=True, nullable=False),
        sa.Column("follower", KeyText, nullable=False),
        sa.Column("subject", KeyText, nullable=False),
        sa.Column("position", Position, nullable=False),
        sa.Column("event_id", KeyText, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("attempts", Position, nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_dead_letter"),
        **NEVER_REUSED,
    )
    opened = where("status = 'open'")
    op.create_index("uq_dead_letter_open", "dead_letter", ["follower", "event_id"], unique=True, **opened)
    op.create_index("ix_dead_letter_subject", "dead_letter", ["follower", "subject"], **opened)
    op.create_index("ix_dead_letter_status", "dead_letter", ["status"])


def downgrade() -> None:
    for table in ("dead_letter", "held_event", "subscriber"):
        op.drop_table(table)
