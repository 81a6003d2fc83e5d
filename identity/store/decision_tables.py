"""The tables of what people decide, of what waits for them, and of what re-matching proposed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Double, Index
from sqlmodel import Field

from identity.store.columns import Row, key, position, text, time
from identity.store.dialect import CLUSTERED, NEVER_REUSED, partial_index


class VerdictRow(Row, table=True):
    """What a person said of a pair of records, until the operation is taken back. Rows are never deleted."""

    __tablename__ = "verdict"
    __table_args__ = (
        CheckConstraint("(left_source, left_id) < (right_source, right_id)", name="ck_verdict_in_key_order"),
        partial_index("ix_verdict_left", "left_source", "left_id", where="withdrawn_at IS NULL"),
        partial_index("ix_verdict_right", "right_source", "right_id", where="withdrawn_at IS NULL"),
        Index("ix_verdict_operation", "operation_id"),
        NEVER_REUSED,
    )

    id: int | None = position()
    left_source: str = key()
    left_id: str = key()
    right_source: str = key()
    right_id: str = key()
    judgement: str = text()
    operation_id: str = key()
    decided_at: datetime = time()
    withdrawn_at: datetime | None = time(default=None)
    withdrawn_by: str | None = text(default=None)


class OperationRow(Row, table=True):
    """What a person did to profiles, with the profiles before and after it (JSON). Its change tells who and why."""

    __tablename__ = "operation"
    __table_args__ = (partial_index("ix_operation_reverses", "reverses", where="reverses IS NOT NULL"),)

    operation_id: str = key(primary_key=True)
    kind: str = text()
    status: str = text()
    reverses: str | None = text(default=None)
    reversed_by: str | None = text(default=None)
    before: str = text()
    after: str = text()


class ReviewTaskRow(Row, table=True):
    """Something a person should look at. Of open tasks there is one per subject."""

    __tablename__ = "review_task"
    __table_args__ = (
        partial_index("uq_review_task_open", "subject", where="closed_at IS NULL", unique=True),
        partial_index("ix_review_task_priority", "priority", where="closed_at IS NULL"),
        partial_index("ix_review_task_kind", "kind", "priority", "deferred_until", where="closed_at IS NULL"),
    )

    task_id: str = key(primary_key=True)
    kind: str = text()
    subject: str = key()
    status: str = text()
    priority: float = Field(sa_type=Double)
    impact: float = Field(sa_type=Double)
    uncertainty: float = Field(sa_type=Double)
    match_weight: float | None = Field(default=None, sa_type=Double)
    opened_at: datetime = time()
    deferred_until: datetime | None = time(default=None)
    closed_at: datetime | None = time(default=None)
    closed_by: str | None = text(default=None)
    details: str = text()


class ReviewSubjectRow(Row, table=True):
    """Which golden ids an open review task is about."""

    __tablename__ = "review_subject"
    __table_args__ = (Index("ix_review_subject_task", "task_id"), CLUSTERED)

    golden_id: str = key(primary_key=True)
    task_id: str = key(primary_key=True)


class LabelRow(Row, table=True):
    """A person's answer about a sampled pair, for estimating how right the machine is. It changes nothing."""

    __tablename__ = "label"
    __table_args__ = (NEVER_REUSED,)

    id: int | None = position()
    left_source: str = key()
    left_id: str = key()
    right_source: str = key()
    right_id: str = key()
    same: bool
    stratum: str = text()
    actor: str = text()
    at: datetime = time()


class RematchRunRow(Row, table=True):
    """One re-match: what it proposed, what became of that, and why. Counts, limits and report are JSON."""

    __tablename__ = "rematch_run"
    __table_args__ = (Index("ix_rematch_run_started", "started_at"),)

    run_id: str = key(primary_key=True)
    kind: str = text()
    status: str = text()
    model_version: str | None = text(default=None)
    started_at: datetime = time()
    beat_at: datetime = time()
    finished_at: datetime | None = time(default=None)
    decided_by: str | None = text(default=None)
    decided_at: datetime | None = time(default=None)
    report: str = text()


class RematchMoveRow(Row, table=True):
    """A record that a run proposes to put under another golden id (null: a new one, or none before)."""

    __tablename__ = "rematch_move"
    __table_args__ = (CLUSTERED,)

    run_id: str = key(primary_key=True)
    source: str = key(primary_key=True)
    source_record_id: str = key(primary_key=True)
    came_from: str | None = key(default=None)
    golden_id: str | None = key(default=None)


class ModelActivationRow(Row, table=True):
    """When which model came into force, and by whom."""

    __tablename__ = "model_activation"
    __table_args__ = (NEVER_REUSED,)

    id: int | None = position()
    version: str = key()
    at: datetime = time()
    actor: str = text()
    reason: str = text()
