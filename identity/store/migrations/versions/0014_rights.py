"""What is still to be done about what people asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import CLUSTERED, NEVER_REUSED, KeyText, Position, UtcDateTime

revision = "0014"
down_revision = "0012"
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
    _create_overrides()
    op.add_column("privacy_request", sa.Column("wanted", sa.Text(), nullable=True))


def _create_overrides() -> None:
    op.create_table(
        "value_override",
        sa.Column("override_id", KeyText, nullable=False),
        sa.Column("operation_id", KeyText, nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("override_id", name="pk_value_override"),
    )
    op.create_index("ix_value_override_operation", "value_override", ["operation_id"])
    op.create_table(
        "value_override_record",
        sa.Column("id", Position, autoincrement=True, nullable=False),
        sa.Column("override_id", KeyText, nullable=False),
        sa.Column("source", KeyText, nullable=False),
        sa.Column("source_record_id", KeyText, nullable=False),
        sa.Column("said", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_value_override_record"),
        **NEVER_REUSED,
    )
    op.create_index("ix_value_override_record", "value_override_record", ["source", "source_record_id"])
    op.create_index("ix_value_override_record_override", "value_override_record", ["override_id"])


def downgrade() -> None:
    with op.batch_alter_table("privacy_request") as requests:
        requests.drop_column("wanted")
    for table in (
        "value_override_record",
        "value_override",
        "restriction_mark",
        "restriction",
        "erasure_errand",
    ):
        op.drop_table(table)
