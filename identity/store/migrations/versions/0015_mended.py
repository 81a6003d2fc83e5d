"""What became of rows that were set aside; what the last comparison with another system found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import CLUSTERED, KeyText, UtcDateTime, where

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ENDS = (
    ("mending_until", UtcDateTime()),
    ("closed_at", UtcDateTime()),
    ("closed_by", sa.Text()),
    ("closed_reason", sa.Text()),
)


def upgrade() -> None:
    for name, kind in _ENDS:
        op.add_column("quarantine", sa.Column(name, kind, nullable=True))
    op.create_index(
        "ix_quarantine_waiting", "quarantine", ["source", "code", "id"], **where("status = 'open'")
    )
    op.create_table(
        "reconciliation",
        sa.Column("system", KeyText, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("system", name="pk_reconciliation"),
        **CLUSTERED,
    )


def downgrade() -> None:
    op.drop_table("reconciliation")
    op.drop_index("ix_quarantine_waiting", "quarantine")
    for name, _ in reversed(_ENDS):
        op.drop_column("quarantine", name)
