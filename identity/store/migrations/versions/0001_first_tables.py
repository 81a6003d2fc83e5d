"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import CLUSTERED, NEVER_REUSED, KeyText, Position, UtcDateTime, where

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "change",
        sa.Column("change_id", KeyText, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("change_id", name="pk_change"),
    )
    op.create_index("ix_change_at", "change", ["at"])

    op.create_table(
        "crosswalk",
        sa.Column("id", Position, autoincrement=True, nullable=False),
        sa.Column("source", KeyText, nullable=False),
        sa.Column("source_record_id", KeyText, nullable=False),
        sa.Column("golden_id", KeyText, nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=True),
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crosswalk"),
        **NEVER_REUSED,
    )
    op.create_index(
        "ix_crosswalk_closed", "crosswalk", ["source", "source_record_id"], **where("valid_to IS NOT NULL")
    )
    op.create_index("ix_crosswalk_golden_closed", "crosswalk", ["golden_id"], **where("valid_to IS NOT NULL"))
    op.create_index("ix_crosswalk_golden_current", "crosswalk", ["golden_id"], **where("valid_to IS NULL"))
    op.create_index(
        "uq_crosswalk_current",
        "crosswalk",
        ["source", "source_record_id"],
        unique=True,
        **where("valid_to IS NULL"),
    )

    op.create_table(
        "event",
        sa.Column("position", Position, autoincrement=True, nullable=False),
        sa.Column("event_id", KeyText, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", KeyText, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("time", UtcDateTime(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_event"),
        sa.UniqueConstraint("event_id", name="uq_event_id"),
        sa.UniqueConstraint("subject", "version", name="uq_event_subject_version"),
        **NEVER_REUSED,
    )
    op.create_table(
        "golden_profile",
        sa.Column("golden_id", KeyText, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("record_count", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("consents", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("golden_id", name="pk_golden_profile"),
    )
    op.create_index("ix_golden_profile_status", "golden_profile", ["status"])

    op.create_table(
        "link",
        sa.Column("left_source", KeyText, nullable=False),
        sa.Column("left_id", KeyText, nullable=False),
        sa.Column("right_source", KeyText, nullable=False),
        sa.Column("right_id", KeyText, nullable=False),
        sa.Column("match_weight", sa.Double(), nullable=True),
        sa.Column("judgement", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(left_source, left_id) < (right_source, right_id)", name="ck_link_in_key_order"),
        sa.PrimaryKeyConstraint("left_source", "left_id", "right_source", "right_id", name="pk_link"),
        **CLUSTERED,
    )
    op.create_index("ix_link_right", "link", ["right_source", "right_id"])
    op.create_index("ix_link_steward", "link", ["decided_by"], **where("decided_by = 'steward'"))

    op.create_table(
        "load",
        sa.Column("load_id", KeyText, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("file_digest", sa.Text(), nullable=False),
        sa.Column("source", KeyText, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("model_version", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("load_id", name="pk_load"),
    )
    op.create_index("ix_load_file_digest", "load", ["file_digest"])

    op.create_table(
        "match_model",
        sa.Column("version", KeyText, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_match_model"),
    )
    op.create_index("uq_match_model_active", "match_model", ["active"], unique=True, **where("active"))

    op.create_table(
        "quarantine",
        sa.Column("id", Position, autoincrement=True, nullable=False),
        sa.Column("load_id", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("row", Position, nullable=True),
        sa.Column("column", sa.Text(), nullable=True),
        sa.Column("source", KeyText, nullable=False),
        sa.Column("source_record_id", KeyText, nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
        **NEVER_REUSED,
    )
    op.create_index("ix_quarantine_load", "quarantine", ["load_id"])
    op.create_index("ix_quarantine_row", "quarantine", ["file", "row"])
    op.create_index("ix_quarantine_status", "quarantine", ["status"])

    op.create_table(
        "redirect",
        sa.Column("retired", KeyText, nullable=False),
        sa.Column("survivor", KeyText, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("retired", name="pk_redirect"),
        **CLUSTERED,
    )
    op.create_index("ix_redirect_survivor", "redirect", ["survivor"])

    op.create_table(
        "source_record",
        sa.Column("source", KeyText, nullable=False),
        sa.Column("source_record_id", KeyText, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("observed_at", UtcDateTime(), nullable=True),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.Column("load_id", sa.Text(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("given_name", sa.Text(), nullable=True),
        sa.Column("family_name", sa.Text(), nullable=True),
        sa.Column("full_name", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("street_address", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("tax_id", sa.Text(), nullable=True),
        sa.Column("loyalty_id", sa.Text(), nullable=True),
        sa.Column("consents", sa.Text(), nullable=False),
        sa.Column("custom", sa.Text(), nullable=False),
        sa.Column("original", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("source", "source_record_id", name="pk_source_record"),
    )


def downgrade() -> None:
    for table in (
        "source_record",
        "redirect",
        "quarantine",
        "match_model",
        "load",
        "link",
        "golden_profile",
        "event",
        "crosswalk",
        "change",
    ):
        op.drop_table(table)
