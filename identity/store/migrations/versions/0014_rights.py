"""What is still to be done about what people asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import CLUSTERED, KeyText, Position, UtcDateTime

revision = "0014"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasure_errand",
        sa.Column("erasure_id", KeyText, nullable=False),
        sa.Column("consumer", KeyText, nullable=False),
        sa.Column("number", KeyText, nullable=False),
        sa.PrimaryKeyConstraint("erasure_id", "consumer", "number", name="pk_erasure_errand"),
        **CLUSTERED,
    )
    op.create_table(
        "restriction",
        sa.Column("source", KeyText, nullable=False),
        sa.Column("source_record_id", KeyText, nullable=False),
        sa.Column("request_id", KeyText, nullable=False),
        sa.Column("golden_id", KeyText, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", "source_record_id", "request_id", name="pk_restriction"),
    )
    op.create_index("ix_restriction_request", "restriction", ["request_id"])
    op.create_index("ix_restriction_golden_id", "restriction", ["golden_id"])
    op.create_table(
        "restriction_mark",
        sa.Column("value", Position, autoincrement=False, nullable=False),
        sa.Column("source", KeyText, nullable=False),
        sa.Column("source_record_id", KeyText, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("value", "source", "source_record_id", name="pk_restriction_mark"),
        **CLUSTERED,
    )
    op.create_index("ix_restriction_mark_record", "restriction_mark", ["source", "source_record_id"])


def downgrade() -> None:
    for table in ("restriction_mark", "restriction", "erasure_errand"):
        op.drop_table(table)
