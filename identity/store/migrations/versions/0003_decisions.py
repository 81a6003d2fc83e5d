"""Decisions of people apart from what the machine says; their operations; reviews, runs of re-matching, model life."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from identity.store.dialect import CLUSTERED, NEVER_REUSED, KeyText, Position, UtcDateTime, where

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PAIR = "left_source, left_id, right_source, right_id"
_BEFORE = "before there were operations"


def upgrade() -> None:
    op.create_table(
        "redirect_past",
        sa.Column("id", Position, autoincrement=True, nullable=False),
        sa.Column("retired", KeyText, nullable=False),
        sa.Column("survivor", KeyText, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_redirect_past"),
        **NEVER_REUSED,
    )
    op.create_index("ix_redirect_past_retired", "redirect_past", ["retired"])
    _decisions()
    _reviews()
    _runs()
    op.execute(
        f"INSERT INTO verdict ({_PAIR}, judgement, operation_id, decided_at)"
        f" SELECT {_PAIR}, judgement, '{_BEFORE}', decided_at FROM link WHERE decided_by = 'steward'"
    )
    op.drop_index("ix_link_steward", "link")
    op.drop_column("link", "decided_by")


def _decisions() -> None:
    op.create_table(
        "verdict",
        sa.Column("id", Position, autoincrement=True, nullable=False),
        *_pair(),
        sa.Column("judgement", sa.Text(), nullable=False),
        sa.Column("operation_id", KeyText, nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(left_source, left_id) < (right_source, right_id)", name="ck_verdict_in_key_order"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_verdict"),
        **NEVER_REUSED,
    )
    stands = where("withdrawn_at IS NULL")
    op.create_index("ix_verdict_left", "verdict", ["left_source", "left_id"], **stands)
    op.create_index("ix_verdict_right", "verdict", ["right_source", "right_id"], **stands)
    op.create_index("ix_verdict_operation", "verdict", ["operation_id"])
    op.create_table(
        "operation",
        sa.Column("operation_id", KeyText, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reverses", sa.Text(), nullable=True),
        sa.Column("reversed_by", sa.Text(), nullable=True),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("operation_id", name="pk_operation"),
    )
    op.create_table(
        "consent_carry",
        sa.Column("source", KeyText, nullable=False),
        sa.Column("source_record_id", KeyText, nullable=False),
        sa.Column("consent", KeyText, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("operation_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "source_record_id", "consent", name="pk_consent_carry"),
        **CLUSTERED,
    )


def _pair() -> list[sa.Column[str]]:
    return [
        sa.Column(name, KeyText, nullable=False)
        for name in ("left_source", "left_id", "right_source", "right_id")
    ]


def _reviews() -> None:
    op.create_table(
        "review_task",
        sa.Column("task_id", KeyText, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", KeyText, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.Double(), nullable=False),
        sa.Column("impact", sa.Double(), nullable=False),
        sa.Column("uncertainty", sa.Double(), nullable=False),
        sa.Column("match_weight", sa.Double(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("deferred_until", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", name="pk_review_task"),
    )
    opened = where("closed_at IS NULL")
    op.create_index("uq_review_task_open", "review_task", ["subject"], unique=True, **opened)
    op.create_index("ix_review_task_priority", "review_task", ["priority"], **opened)
    op.create_table(
        "review_subject",
        sa.Column("golden_id", KeyText, nullable=False),
        sa.Column("task_id", KeyText, nullable=False),
        sa.PrimaryKeyConstraint("golden_id", "task_id", name="pk_review_subject"),
        **CLUSTERED,
    )
    op.create_index("ix_review_subject_task", "review_subject", ["task_id"])
    op.create_table(
        "label",
        sa.Column("id", Position, autoincrement=True, nullable=False),
        *_pair(),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_label"),
        **NEVER_REUSED,
    )


def _runs() -> None:
    op.create_table(
        "rematch_run",
        sa.Column("run_id", KeyText, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("beat_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_rematch_run"),
    )
    op.create_index("ix_rematch_run_started", "rematch_run", ["started_at"])
    op.create_table(
        "rematch_move",
        sa.Column("run_id", KeyText, nullable=False),
        sa.Column("source", KeyText, nullable=False),
        sa.Column("source_record_id", KeyText, nullable=False),
        sa.Column("came_from", KeyText, nullable=True),
        sa.Column("golden_id", KeyText, nullable=True),
        sa.PrimaryKeyConstraint("run_id", "source", "source_record_id", name="pk_rematch_move"),
        **CLUSTERED,
    )
    op.create_table(
        "model_activation",
        sa.Column("id", Position, autoincrement=True, nullable=False),
        sa.Column("version", KeyText, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model_activation"),
        **NEVER_REUSED,
    )


def downgrade() -> None:
    with op.batch_alter_table("link") as batch:
        batch.add_column(sa.Column("decided_by", sa.Text(), nullable=False, server_default="machine"))
    op.create_index("ix_link_steward", "link", ["decided_by"], **where("decided_by = 'steward'"))
    for table in (
        *("model_activation", "rematch_move", "rematch_run", "label", "review_subject", "review_task"),
        *("consent_carry", "operation", "verdict", "redirect_past"),
    ):
        op.drop_table(table)
