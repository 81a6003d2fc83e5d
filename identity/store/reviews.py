"""Review tasks between rows and the model, and the SQL that units of work of every size mean the same by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from identity.model.cluster import GoldenId
from identity.model.evidence import MatchWeight
from identity.model.review import FOLLOWS, Concern, ReviewKind, ReviewStatus, ReviewTask, mint_task_id
from identity.steps.reconcile import Reconciled, Standing
from identity.store import statements as sql
from identity.store.dialect import utc

__all__ = [
    "CLOSED_COLUMNS",
    "FOLLOWING_KINDS",
    "OPENED_COLUMNS",
    "RESTATED_COLUMNS",
    "SUBJECT_COLUMNS",
    "close_tasks",
    "closed_rows",
    "forget_subjects",
    "open_tasks",
    "opened_rows",
    "put_subjects",
    "restate_tasks",
    "restated_rows",
    "review_task",
    "standing",
    "subject_rows",
]

FOLLOWING_KINDS = ", ".join(f"'{kind}'" for kind in sorted(FOLLOWS))
OPENED_COLUMNS = (
    *("task_id", "kind", "subject", "status", "opened_at", "details"),
    *("priority", "impact", "uncertainty", "match_weight"),
)
RESTATED_COLUMNS = ("task_id", "details", "priority", "impact", "uncertainty", "match_weight")
CLOSED_COLUMNS = ("task_id", "closed_at", "closed_by")
SUBJECT_COLUMNS = ("golden_id", "task_id")


def open_tasks(stage: str) -> str:
    return sql.insert("review_task", OPENED_COLUMNS, stage)


def put_subjects(stage: str) -> str:
    return sql.add("review_subject", SUBJECT_COLUMNS, stage, SUBJECT_COLUMNS)


def restate_tasks(stage: str) -> str:
    changes = ", ".join(f"{name} = s.{name}" for name in RESTATED_COLUMNS[1:])
    return f"UPDATE review_task SET {changes} FROM {stage} AS s WHERE review_task.task_id = s.task_id"


def close_tasks(stage: str) -> str:
    changes = f"status = '{ReviewStatus.CLOSED}', closed_at = s.closed_at, closed_by = s.closed_by"
    return f"UPDATE review_task SET {changes} FROM {stage} AS s WHERE review_task.task_id = s.task_id"


def forget_subjects(stage: str) -> str:
    return f"DELETE FROM review_subject WHERE task_id IN (SELECT s.task_id FROM {stage} AS s)"


def opened_rows(reconciled: Reconciled, change_id: str, at: datetime) -> list[tuple[Any, ...]]:
    return [
        (
            mint_task_id(concern.subject, change_id), concern.kind.value, concern.subject,
            ReviewStatus.OPEN.value, at, _json(concern), *_numbers(concern),
        )
        for concern in reconciled.opened
    ]  # fmt: skip


def subject_rows(reconciled: Reconciled, change_id: str) -> list[tuple[str, str]]:
    return [
        (golden_id, mint_task_id(concern.subject, change_id))
        for concern in reconciled.opened
        for golden_id in concern.golden_ids
    ]


def restated_rows(reconciled: Reconciled) -> list[tuple[Any, ...]]:
    return [(each.task_id, _json(each.concern), *_numbers(each.concern)) for each in reconciled.restated]


def closed_rows(closed: Iterable[Standing], at: datetime, by: str) -> list[tuple[Any, ...]]:
    return [(each.task_id, at, by) for each in closed]


def _json(concern: Concern) -> str:
    return orjson.dumps(dict(concern.details), option=orjson.OPT_SORT_KEYS).decode()


def _numbers(concern: Concern) -> tuple[float | None, ...]:
    return concern.priority, concern.impact, concern.uncertainty, concern.match_weight


def standing(
    task_id: str, subject: str, details: str, weight: float | None, impact: float, uncertainty: float
) -> Standing:
    kind = ReviewKind(subject.partition(":")[0])
    concern = Concern(
        kind, _golden_ids(kind, subject), impact, uncertainty, _weight(weight), orjson.loads(details)
    )
    return Standing(task_id, concern)


def review_task(row: Any) -> ReviewTask:
    """Return the task of a row that has the columns of the table."""
    kind, details = ReviewKind(row.kind), orjson.loads(row.details)
    return ReviewTask(
        task_id=row.task_id,
        kind=kind,
        subject=row.subject,
        golden_ids=_golden_ids(kind, row.subject) or tuple(map(GoldenId, details.get("golden_ids", ()))),
        status=ReviewStatus(row.status),
        priority=row.priority,
        impact=row.impact,
        uncertainty=row.uncertainty,
        match_weight=_weight(row.match_weight),
        opened_at=utc(row.opened_at),
        closed_at=utc(row.closed_at) if row.closed_at else None,
        closed_by=row.closed_by,
        details=details,
        deferred_until=utc(row.deferred_until) if row.deferred_until else None,
    )


def _golden_ids(kind: ReviewKind, subject: str) -> tuple[GoldenId, ...]:
    if kind not in FOLLOWS:
        return ()
    return tuple(GoldenId(golden_id) for golden_id in subject.partition(":")[2].split("+"))


def _weight(stored: float | None) -> MatchWeight | None:
    return None if stored is None else MatchWeight(stored)
