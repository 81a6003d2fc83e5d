"""What callers asked for once and may ask for again; long work and how far it is; finding people by name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import CLUSTERED, KeyText, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idempotency",
        sa.Column("client", KeyText, nullable=False),
        sa.Column("request_key", KeyText, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("operation_id", KeyText, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("held_until", UtcDateTime(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("client", "request_key", name="pk_idempotency"),
        **CLUSTERED,
    )
    op.create_index("ix_idempotency_begun", "idempotency", ["begun_at"])
    op.create_table(
        "job",
        sa.Column("job_id", KeyText, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("client", KeyText, nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("beat_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name="pk_job"),
    )
    op.create_index("ix_job_status", "job", ["status", "created_at"])
    op.create_index("ix_source_record_family_name", "source_record", [sa.text("lower(family_name)")])
    op.create_index("ix_source_record_full_name", "source_record", [sa.text("lower(full_name)")])


def downgrade() -> None:
    op.drop_index("ix_source_record_full_name", "source_record")
    op.drop_index("ix_source_record_family_name", "source_record")
    op.drop_table("job")
    op.drop_table("idempotency")
