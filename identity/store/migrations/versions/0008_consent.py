"""What was said of consents is kept for good; what records were taken to state becomes such facts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import CLUSTERED, KeyText, UtcDateTime, where

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consent_fact",
        sa.Column("fact_id", KeyText, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("origin", "purpose", "channel", "status")),
        sa.Column("captured_at", UtcDateTime(), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("source", "actor", "change_id")),
        sa.Column("kind", KeyText, nullable=True),
        sa.Column("value", KeyText, nullable=True),
        *(
            sa.Column(name, sa.Text(), nullable=True)
            for name in ("jurisdiction", "basis", "notice", "evidence")
        ),
        sa.PrimaryKeyConstraint("fact_id", name="pk_consent_fact"),
    )
    op.create_index("ix_consent_fact_value", "consent_fact", ["kind", "value"], **where("value IS NOT NULL"))
    op.create_index(
        "ix_consent_fact_expires", "consent_fact", ["expires_at"], **where("expires_at IS NOT NULL")
    )
    op.create_table(
        "consent_record",
        *(sa.Column(name, KeyText, nullable=False) for name in ("source", "source_record_id", "fact_id")),
        sa.PrimaryKeyConstraint("source", "source_record_id", "fact_id", name="pk_consent_record"),
        **CLUSTERED,
    )
    op.create_index("ix_consent_record_fact", "consent_record", ["fact_id"])
    _facts_of_carried()
    op.drop_table("consent_carry")


def _facts_of_carried() -> None:
    """Turn each consent that a record was taken to state into a fact about it."""
    told = sa.text("SELECT source, source_record_id, consent, status, since, operation_id FROM consent_carry")
    rows = op.get_bind().execute(told.columns(since=UtcDateTime())).mappings().all()
    facts = sa.table(
        "consent_fact",
        *(
            sa.column(name)
            for name in ("fact_id", "origin", "purpose", "channel", "status", "source", "actor", "change_id")
        ),
        *(sa.column(name, UtcDateTime()) for name in ("captured_at", "received_at")),
    )
    records = sa.table(
        "consent_record", *(sa.column(name) for name in ("source", "source_record_id", "fact_id"))
    )
    for number, row in enumerate(rows, 1):
        fact_id, (purpose, _, channel) = f"carried-{number}", row["consent"].partition(".")
        op.execute(
            facts.insert().values(
                fact_id=fact_id, origin="kept", purpose=purpose, channel=channel, status=row["status"],
                captured_at=row["since"], received_at=row["since"], source="undo", actor="machine",
                change_id=row["operation_id"],
            )
        )  # fmt: skip
        op.execute(
            records.insert().values(
                source=row["source"], source_record_id=row["source_record_id"], fact_id=fact_id
            )
        )


def downgrade() -> None:
    for table in ("consent_record", "consent_fact"):
        op.drop_table(table)
    op.create_table(
        "consent_carry",
        *(sa.Column(name, KeyText, nullable=False) for name in ("source", "source_record_id", "consent")),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("operation_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "source_record_id", "consent", name="pk_consent_carry"),
        **CLUSTERED,
    )
