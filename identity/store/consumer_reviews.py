"""Review tasks that consumers open, restate and close, in the transaction of what they did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select

from identity.ids import new_id
from identity.model.cluster import GoldenId
from identity.model.following import Followed
from identity.model.review import EVIDENCE, Concern, ReviewKind
from identity.steps.reconcile import Standing, reconcile
from identity.store import reviews as told
from identity.store.dialect import Database, Kind, Statement, WriteConnection
from identity.store.online import review_statements as sql
from identity.store.tables import TABLES

__all__ = ["ConsumerReviews", "put_concerns"]

_TASK = TABLES["review_task"].c
_STANDING = Statement(
    "SELECT t.task_id, t.subject, t.details, t.impact, t.uncertainty FROM review_task AS t"
    " JOIN {rows} AS s ON s.subject = t.subject WHERE t.closed_at IS NULL",
    {"subject": Kind.TEXT},
)


def put_concerns(connection: WriteConnection, followed: Followed, at: datetime) -> None:
    """Bring the tasks about these subjects to what was found: there is one open task of each."""
    subjects = sorted({*followed.cleared, *(concern.subject for concern in followed.opened)})
    if not subjects:
        return
    standing = [_standing(*row) for row in connection.ask(_STANDING.on(subjects))()]
    found = reconcile(followed.opened, standing)
    if not (found.opened or found.restated or found.closed):
        return
    connection.execute(
        sql.CLOSE.on(told.closed_rows(found.closed, at, EVIDENCE)),
        sql.RESTATE.on(told.restated_rows(found)),
        sql.OPEN.on(told.opened_rows(found, new_id(), at)),
    )


class ConsumerReviews:
    _database: Database

    def open_concerns(self, name: str) -> tuple[Concern, ...]:
        kinds = [kind.value for kind in ReviewKind if kind.value.startswith(f"{name}_")]
        asked = select(_TASK.task_id, _TASK.subject, _TASK.details, _TASK.impact, _TASK.uncertainty)
        asked = asked.where(_TASK.closed_at.is_(None), _TASK.kind.in_(kinds)).order_by(_TASK.subject)
        with self._database.read() as look:
            return tuple(_standing(*row).concern for row in look.execute(asked))


def _standing(task_id: str, subject: str, details: str, impact: float, uncertainty: float) -> Standing:
    kind, _, about = subject.partition(":")
    known: dict[str, Any] = orjson.loads(details)
    ids = tuple(GoldenId(golden_id) for golden_id in known.get("golden_ids", ()))
    return Standing(task_id, Concern(ReviewKind(kind), ids, impact, uncertainty, None, known, about))
