"""The index of real time: numbered records, the blocks and identifier values they are found by, what waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import CLUSTERED, NEVER_REUSED, KeyText, Position, UtcDateTime, placed

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    here = op.get_bind()
    with op.batch_alter_table("source_record", table_kwargs=NEVER_REUSED) as batch:
        batch.drop_constraint("pk_source_record", type_="primary")
        batch.add_column(
            sa.Column("number", Position, primary_key=True, autoincrement=True, nullable=False),
            **placed(here, before="source"),
        )
        batch.add_column(sa.Column("features", sa.Text(), nullable=True), **placed(here, before="given_name"))
        batch.create_primary_key("pk_source_record", ["number"])
        batch.create_unique_constraint("uq_source_record_key", ["source", "source_record_id"])
    op.add_column("link", sa.Column("blocked", sa.Boolean(), nullable=False, server_default=sa.true()))

    op.create_table(
        "filed",
        sa.Column("block", Position, nullable=False),
        sa.Column("record", Position, nullable=False),
        sa.PrimaryKeyConstraint("block", "record", name="pk_filed"),
        **CLUSTERED,
    )
    op.create_table(
        "identifier",
        sa.Column("value", Position, nullable=False),
        sa.Column("record", Position, nullable=False),
        sa.Column("name", Position, nullable=True),
        sa.PrimaryKeyConstraint("value", "record", name="pk_identifier"),
        **CLUSTERED,
    )
    op.create_table(
        "generic_value",
        sa.Column("value", Position, autoincrement=False, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("value", name="pk_generic_value"),
    )
    op.create_table(
        "redo",
        sa.Column("kind", KeyText, nullable=False),
        sa.Column("subject", Position, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name="pk_redo"),
        **CLUSTERED,
    )
    op.create_index("ix_redo_oldest", "redo", ["queued_at", "kind", "subject"])
    op.create_table(
        "setting",
        sa.Column("name", KeyText, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_setting"),
        **CLUSTERED,
    )


def downgrade() -> None:
    for table in ("setting", "redo", "generic_value", "identifier", "filed"):
        op.drop_table(table)
    op.drop_column("link", "blocked")
    with op.batch_alter_table("source_record") as batch:
        batch.drop_constraint("uq_source_record_key", type_="unique")
        batch.drop_column("features")
        batch.drop_column("number")  # its primary key goes with it
        batch.create_primary_key("pk_source_record", ["source", "source_record_id"])
