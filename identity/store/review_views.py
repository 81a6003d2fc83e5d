"""What waits for a person, as it is asked for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select

from identity.model.review import ReviewKind, ReviewTask
from identity.store.dialect import Database
from identity.store.reviews import review_task
from identity.store.tables import TABLES

__all__ = ["ReviewViews"]

_TASK = TABLES["review_task"].c


class ReviewViews:
    _database: Database

    def reviews(
        self, at: datetime, kind: ReviewKind | None = None, limit: int = 100
    ) -> tuple[ReviewTask, ...]:
        """Return up to `limit` tasks that are open at a moment, the most pressing first: also those whose deferral has
        passed."""
        due = or_(_TASK.deferred_until.is_(None), _TASK.deferred_until <= at)
        asked = select(*_TASK).where(_TASK.closed_at.is_(None), due)
        if kind is not None:
            asked = asked.where(_TASK.kind == kind.value)
        asked = asked.order_by(_TASK.priority.desc(), _TASK.subject).limit(limit)
        with self._database.read() as look:
            return tuple(review_task(row).seen_at(at) for row in look.execute(asked))

    def review(self, task_id: str, at: datetime) -> ReviewTask | None:
        """Return a task as it stands at a moment, also a closed one; None for an id nobody knows."""
        with self._database.read() as look:
            row = look.execute(select(*_TASK).where(_TASK.task_id == task_id)).one_or_none()
        return None if row is None else review_task(row).seen_at(at)

    def reviews_waiting(self, at: datetime) -> dict[ReviewKind, int]:
        """Return how many tasks of each kind are open at a moment."""
        due = or_(_TASK.deferred_until.is_(None), _TASK.deferred_until <= at)
        asked = select(_TASK.kind, func.count()).where(_TASK.closed_at.is_(None), due).group_by(_TASK.kind)
        with self._database.read() as look:
            return {ReviewKind(kind): count for kind, count in look.execute(asked)}

    def reviews_deferred(self, at: datetime) -> int:
        """Return how many tasks are put off to a later moment than this one."""
        asked = select(func.count()).where(_TASK.closed_at.is_(None), _TASK.deferred_until > at)
        with self._database.read() as look:
            return look.execute(asked).scalar_one()
