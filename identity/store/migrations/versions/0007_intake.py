"""What systems send beside records, how far they were read, which files were loaded; what the ERP was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import CLUSTERED, NEVER_REUSED, KeyText, Position, UtcDateTime, where

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "told_deletion",
        sa.Column("source", KeyText, nullable=False),
        sa.Column("source_record_id", KeyText, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", "source_record_id", name="pk_told_deletion"),
        **CLUSTERED,
    )
    op.create_table(
        "privacy_wish",
        sa.Column("number", Position, autoincrement=True, nullable=False),
        sa.Column("source", KeyText, nullable=False),
        sa.Column("message_id", KeyText, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_record_id", KeyText, nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_privacy_wish"),
        sa.UniqueConstraint("source", "message_id", name="uq_privacy_wish_message"),
        **NEVER_REUSED,
    )
    op.create_index("ix_privacy_wish_open", "privacy_wish", ["due_at"], **where("closed_at IS NULL"))
    op.create_table(
        "poll_cursor",
        sa.Column("name", KeyText, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_poll_cursor"),
    )
    op.create_table(
        "dropped_file",
        sa.Column("source", KeyText, nullable=False),
        sa.Column("digest", KeyText, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", "digest", name="pk_dropped_file"),
        **CLUSTERED,
    )

    op.create_table(
        "erp_written",
        sa.Column("number", KeyText, nullable=False),
        sa.Column("golden_id", KeyText, nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_erp_written"),
        **CLUSTERED,
    )


def downgrade() -> None:
    for table in ("erp_written", "dropped_file", "poll_cursor", "privacy_wish", "told_deletion"):
        op.drop_table(table)
