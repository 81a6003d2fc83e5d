"""What people ask about themselves, and marks of those who were erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import CLUSTERED, KeyText, Position, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suppression",
        sa.Column("mark", Position, autoincrement=False, nullable=False),
        sa.Column("erasure_id", KeyText, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("mark", name="pk_suppression"),
    )
    op.create_index("ix_suppression_erasure", "suppression", ["erasure_id"])
    op.create_table(
        "privacy_request",
        sa.Column("request_id", KeyText, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("golden_id", KeyText, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", name="pk_privacy_request"),
    )
    op.create_index("ix_privacy_request_golden_id", "privacy_request", ["golden_id"])
    op.create_index("ix_privacy_request_due", "privacy_request", ["status", "due_at"])
    op.create_table(
        "privacy_receipt",
        sa.Column("request_id", KeyText, nullable=False),
        sa.Column("consumer", KeyText, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", "consumer", name="pk_privacy_receipt"),
        **CLUSTERED,
    )


def downgrade() -> None:
    for table in ("privacy_receipt", "privacy_request", "suppression"):
        op.drop_table(table)
