"""Sources that go live in phases, and the ids of an earlier master."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import CLUSTERED, KeyText, UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cutover",
        sa.Column("cutover_id", KeyText, nullable=False),
        sa.Column("source", KeyText, nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("cutover_id", name="pk_cutover"),
        **CLUSTERED,
    )
    op.create_table(
        "former_id",
        sa.Column("system", KeyText, nullable=False),
        sa.Column("former_id", KeyText, nullable=False),
        sa.Column("source", KeyText, nullable=False),
        sa.Column("source_record_id", KeyText, nullable=False),
        sa.PrimaryKeyConstraint("system", "former_id", "source", "source_record_id", name="pk_former_id"),
        **CLUSTERED,
    )
    op.create_index("ix_former_id_record", "former_id", ["source", "source_record_id"])


def downgrade() -> None:
    op.drop_table("former_id")
    op.drop_table("cutover")
