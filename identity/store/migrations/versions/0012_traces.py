"""The trace that an event belongs to, and what is done again and again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import CLUSTERED, KeyText, Position, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("event", sa.Column("traceparent", sa.Text(), nullable=True))
    op.create_table(
        "duty",
        sa.Column("name", KeyText, nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("failures", Position, nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_duty"),
        **CLUSTERED,
    )


def downgrade() -> None:
    op.drop_table("duty")
    op.drop_column("event", "traceparent")
