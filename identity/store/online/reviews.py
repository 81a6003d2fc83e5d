"""Review tasks, in the unit of work of real time."""

from __future__ import annotations

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

import orjson

from identity.model.cluster import GoldenId
from identity.model.evidence import MatchWeight
from identity.model.judgement import Judgement, Link, Verdict
from identity.model.record import RecordKey
from identity.model.review import Label, ReviewTask
from identity.ports import Neighbourhood
from identity.steps.reconcile import Reconciled, Standing
from identity.store import reviews as told
from identity.store.online import review_statements as sql
from identity.store.online.unit import Unit

__all__ = ["ReviewSide"]

_Row = tuple[Any, ...]


class ReviewSide(Unit):
    def neighbourhood(self, golden_ids: Collection[GoldenId]) -> Neighbourhood:
        if not golden_ids:
            return Neighbourhood((), (), (), (), {})
        self._connection.lock_log()
        sorts: dict[str, set[_Row]] = {"task": set(), "link": set(), "verdict": set()}
        for sort, *row in self._fetch(sql.NEIGHBOURHOOD.on(sorted(golden_ids))):
            sorts[sort].add(tuple(row))
        said = {_verdict(row): bool(row[8]) for row in sorts["verdict"]}
        return Neighbourhood(
            standing=[_standing(row) for row in sorts["task"]],
            links=[_link(row) for row in sorts["link"]],
            verdicts=list(said),
            told_again=[each for each, again in said.items() if again],
            homes={
                key: GoldenId(home)
                for row in (*sorts["link"], *sorts["verdict"])
                for key, home in zip(_pair(row), row[:2], strict=True)
            },
        )

    def put_reviews(self, reconciled: Reconciled, closed_by: str, change_id: str) -> None:
        at = self.at if reconciled.opened or reconciled.closed else None
        closed = [] if at is None else told.closed_rows(reconciled.closed, at, closed_by)
        opened = [] if at is None else told.opened_rows(reconciled, change_id, at)
        self._execute(
            sql.CLOSE.on(closed),
            sql.FORGET_SUBJECTS.on([each.task_id for each in reconciled.closed]),
            sql.RESTATE.on(told.restated_rows(reconciled)),
            sql.OPEN.on(opened),
            sql.PUT_SUBJECTS.on(told.subject_rows(reconciled, change_id)),
        )

    def review(self, task_id: str) -> ReviewTask | None:
        self._connection.lock_log()
        found = self._fetch(sql.TASK.of(task_id=task_id))
        if not found:
            return None
        return told.review_task(SimpleNamespace(**dict(zip(sql.TASK_COLUMNS, found[0], strict=True))))

    def defer_review(self, task: ReviewTask) -> None:
        details = orjson.dumps(dict(task.details), option=orjson.OPT_SORT_KEYS).decode()
        self._execute(sql.DEFER.of(task_id=task.task_id, until=task.deferred_until, details=details))

    def reopen_review(self, task: ReviewTask) -> None:
        details = orjson.dumps(dict(task.details), option=orjson.OPT_SORT_KEYS).decode()
        self._execute(sql.REOPEN.of(task_id=task.task_id, details=details))

    def take_label_back(self, left: RecordKey, right: RecordKey, actor: str) -> bool:
        asked = sql.TAKE_LABEL_BACK.of(
            left_source=left.source,
            left_id=left.source_record_id,
            right_source=right.source,
            right_id=right.source_record_id,
            actor=actor,
        )
        return bool(self._fetch(asked))

    def close_review(self, task_id: str, closed_by: str) -> None:
        self._execute(sql.CLOSE.on([(task_id, self.at, closed_by)]), sql.FORGET_SUBJECTS.on([task_id]))

    def put_label(self, label: Label) -> None:
        asked = sql.PUT_LABEL.of(
            left_source=label.left.source,
            left_id=label.left.source_record_id,
            right_source=label.right.source,
            right_id=label.right.source_record_id,
            same=label.same,
            stratum=label.stratum,
            actor=label.actor,
            at=self.at,
        )
        self._execute(asked)


def _standing(row: _Row) -> Standing:
    task_id, subject, details, *_, weight, impact, uncertainty = row
    return told.standing(task_id, subject, details, weight, impact, uncertainty)


def _pair(row: _Row) -> tuple[RecordKey, RecordKey]:
    return RecordKey(row[2], row[3]), RecordKey(row[4], row[5])


def _link(row: _Row) -> Link:
    weight = None if row[8] is None else MatchWeight(row[8])
    return Link(*_pair(row), Judgement(row[6]), weight)


def _verdict(row: _Row) -> Verdict:
    return Verdict(*_pair(row), Judgement(row[6]), row[7])
