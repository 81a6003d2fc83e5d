"""Review tasks of everybody at once, and the pairs that were drawn for labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from identity import ports
from identity.model.review import ReviewKind
from identity.steps.reconcile import Reconciled, Standing
from identity.store import reviews as told
from identity.store.bulk_unit import TIME, BulkUnit

__all__ = ["BulkReviews"]

_TEXTS, _NUMBERS = ("task_id", "subject", "details"), ("match_weight", "impact", "uncertainty")
_STANDING = pa.schema([(name, pa.string()) for name in _TEXTS] + [(name, pa.float64()) for name in _NUMBERS])
_TYPES = dict.fromkeys(("opened_at", "closed_at"), TIME) | dict.fromkeys(
    ("priority", "impact", "uncertainty", "match_weight"), pa.float64()
)
_SAID = """
    SELECT v.left_source, v.left_id, v.right_source, v.right_id, v.judgement, v.operation_id,
        (a.loaded_at > v.decided_at OR b.loaded_at > v.decided_at) AS told_again
    FROM verdict AS v
    JOIN source_record AS a ON a.source = v.left_source AND a.source_record_id = v.left_id
    JOIN source_record AS b ON b.source = v.right_source AND b.source_record_id = v.right_id
    WHERE v.withdrawn_at IS NULL AND a.mode = 'live' AND a.deleted_at IS NULL
        AND b.mode = 'live' AND b.deleted_at IS NULL
"""
_SUBJECTS = pa.schema([("subject", pa.string())])
_LABELS = """
    SELECT left_source, left_id, right_source, right_id, stratum, same FROM label AS l
    WHERE NOT EXISTS (SELECT 1 FROM label AS m WHERE m.id > l.id AND m.left_source = l.left_source
        AND m.left_id = l.left_id AND m.right_source = l.right_source AND m.right_id = l.right_id)
"""


class BulkReviews(BulkUnit):
    def said(self) -> pa.Table:
        return self._connection.fetch(_SAID, ports.SAID)

    def standing_reviews(self) -> list[Standing]:
        where = f"closed_at IS NULL AND kind IN ({told.FOLLOWING_KINDS})"
        found = self._read("review_task", _STANDING, where)
        return [told.standing(*row) for row in zip(*(c.to_pylist() for c in found.columns), strict=True)]

    def put_reviews(self, reconciled: Reconciled, closed_by: str, change_id: str) -> None:
        closed = told.closed_rows(reconciled.closed, self.at, closed_by)
        opened = told.opened_rows(reconciled, change_id, self.at)
        for rows, columns, statements in (
            (closed, told.CLOSED_COLUMNS, (told.close_tasks, told.forget_subjects)),
            (told.restated_rows(reconciled), told.RESTATED_COLUMNS, (told.restate_tasks,)),
            (opened, told.OPENED_COLUMNS, (told.open_tasks,)),
            (told.subject_rows(reconciled, change_id), told.SUBJECT_COLUMNS, (told.put_subjects,)),
        ):
            if rows:
                stage = self._stage(_table(rows, columns))
                for statement in statements:
                    self._connection.execute(statement(stage))

    def labels(self) -> pa.Table:
        return self._connection.fetch(_LABELS, ports.LABELS)

    def drawn(self) -> frozenset[str]:
        found = self._read("review_task", _SUBJECTS, f"kind = '{ReviewKind.SAMPLE}'")
        return frozenset(found["subject"].to_pylist())


def _table(rows: Iterable[Sequence[Any]], columns: Sequence[str]) -> pa.Table:
    return pa.table(
        {
            name: pa.array(values, _TYPES.get(name, pa.string()))
            for name, values in zip(columns, zip(*rows, strict=True), strict=True)
        }
    )
