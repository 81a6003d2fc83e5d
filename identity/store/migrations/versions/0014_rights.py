"""What is still to be done about what people asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import CLUSTERED, KeyText

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


def downgrade() -> None:
    op.drop_table("erasure_errand")
