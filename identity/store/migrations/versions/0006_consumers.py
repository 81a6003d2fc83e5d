"""The log is followed: how far each consumer came, what it has dealt with, merges asked of the loyalty platform."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import CLUSTERED, NEVER_REUSED, KeyText, Position, UtcDateTime, where

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "consumer",
        sa.Column("name", KeyText, nullable=False),
        sa.Column("position", Position, nullable=False),
        sa.Column("beat_at", UtcDateTime(), nullable=True),
        sa.Column("failures", Position, nullable=False),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("retry_at", UtcDateTime(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("epoch", Position, nullable=False),
        sa.Column("held_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_consumer"),
    )
    op.create_table(
        "inbox",
        sa.Column("consumer", KeyText, nullable=False),
        sa.Column("event_id", KeyText, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name="pk_inbox"),
        **CLUSTERED,
    )
    op.create_table(
        "propagation",
        sa.Column("causation", KeyText, nullable=False),
        sa.Column("consumer", KeyText, nullable=False),
        *_texts("status", "code"),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("causation", "consumer", name="pk_propagation"),
        **CLUSTERED,
    )
    op.create_index("ix_operation_reverses", "operation", ["reverses"], **where("reverses IS NOT NULL"))
    _merges()


def _merges() -> None:
    op.create_table(
        "loyalty_merge",
        sa.Column("number", Position, autoincrement=True, nullable=False),
        sa.Column("key", KeyText, nullable=False),
        *_texts("program"),
        sa.Column("golden_id", KeyText, nullable=False),
        *_texts("causation", "asked", "sides", "versions"),
        sa.Column("at", UtcDateTime(), nullable=False),
        *_texts("status", "merge_id", "survivor", "ledger_entries"),
        sa.Column("points_moved", Position, nullable=False),
        *_texts("warnings", "code"),
        sa.Column("shortfall", Position, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_loyalty_merge"),
        **NEVER_REUSED,
    )
    op.create_index("uq_loyalty_merge_key", "loyalty_merge", ["key"], unique=True)
    op.create_index(
        "ix_loyalty_merge_active",
        "loyalty_merge",
        ["number"],
        **where("status IN ('asked', 'done', 'shortfall')"),
    )
    op.create_table(
        "loyalty_merged",
        sa.Column("member", KeyText, nullable=False),
        sa.Column("merge", Position, nullable=False),
        sa.PrimaryKeyConstraint("member", "merge", name="pk_loyalty_merged"),
        **CLUSTERED,
    )


def downgrade() -> None:
    for table in ("loyalty_merged", "loyalty_merge"):
        op.drop_table(table)
    op.drop_index("ix_operation_reverses", "operation")
    for table in ("propagation", "inbox", "consumer"):
        op.drop_table(table)
