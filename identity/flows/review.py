"""review: what a person should look at in everything that is stored; and what a person does with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from identity.features.packing import unpack_features
from identity.flows.online.desk import Desk
from identity.flows.online.settle import attempt
from identity.model.cluster import GoldenId
from identity.model.errors import DecisionRefused, LookupFailed
from identity.model.evidence import MatchWeight
from identity.model.judgement import Judgement, Verdict
from identity.model.match import Thresholds
from identity.model.record import NormalisedRecord, RecordKey
from identity.model.review import EVIDENCE, Concern, Label, ReviewKind, ReviewStatus, ReviewTask
from identity.ports import Clock, OnlineWork, Scorer, StoredModel, Surveyor, Transactions, UnitOfWork
from identity.steps.reconcile import DEFERRED, reconcile
from identity.steps.review import Scene, review

__all__ = ["Refreshed", "ReviewRoom", "defer", "label", "refresh_reviews", "resume", "unlabel"]


@dataclass(frozen=True, slots=True)
class ReviewRoom:
    """What refreshing everybody's review tasks works with. `names` are the features in their stored order."""

    transactions: Transactions
    thresholds: Thresholds
    names: Sequence[str]
    survey: Surveyor
    scorer: Callable[[StoredModel], Scorer]
    clock: Clock
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many tasks there should be, and how many of those are new, are told otherwise now, or were closed."""

    standing: int
    opened: int
    restated: int
    closed: int


def refresh_reviews(room: ReviewRoom) -> Refreshed:
    """Bring everybody's review tasks to what is stored, in one unit of work: as if each had been looked at just now."""
    with room.transactions.begin(room.clock) as work:
        concerns = _concerns(work, room)
        reconciled = reconcile(concerns, work.standing_reviews())
        work.put_reviews(reconciled, EVIDENCE, room.new_id())
    return Refreshed(len(concerns), len(reconciled.opened), len(reconciled.restated), len(reconciled.closed))


def _concerns(work: UnitOfWork, room: ReviewRoom) -> list[Concern]:
    memberships, said = work.memberships(), work.said()
    found = room.survey(work.links(), memberships, said)
    again = said.filter(said["told_again"])
    return found + _contradicted(work, room, memberships, again) if again.num_rows else found


def _contradicted(
    work: UnitOfWork, room: ReviewRoom, memberships: pa.Table, again: pa.Table
) -> list[Concern]:
    """Return the concerns about verdicts one of whose records was told again, given everybody's memberships."""
    verdicts = [_verdict(**row) for row in again.drop_columns(["told_again"]).to_pylist()]
    model = work.active_model()
    if model is None:
        return []
    weights = _weights(work.live_records(), room, room.scorer(model), verdicts)
    keys = _keys_of(verdicts)
    homes = {key: GoldenId(home) for key, home in _rows_of(memberships, keys, "golden_id").items()}
    members: dict[GoldenId, list[RecordKey]] = {}
    wanted = memberships.filter(pc.is_in(memberships["golden_id"], pa.array(sorted(set(homes.values())))))
    for row in wanted.to_pylist():
        members.setdefault(row["golden_id"], []).append(RecordKey(row["source"], row["source_record_id"]))
    told_again = dict(zip(verdicts, weights, strict=True))
    scene = Scene(members, (), (), told_again)
    return [c for c in review(scene, members, room.thresholds) if c.kind is ReviewKind.CONTRADICTED]


def _weights(
    records: pa.Table, room: ReviewRoom, scorer: Scorer, verdicts: Sequence[Verdict]
) -> list[MatchWeight]:
    keys = _keys_of(verdicts)
    told = _rows_of(records, keys, "features")
    place = {key: at for at, key in enumerate(keys)}
    compared = [NormalisedRecord(key, unpack_features(told[key] or "", room.names)) for key in keys]
    pairs = [(place[said.left], place[said.right]) for said in verdicts]
    return [MatchWeight(weight) for weight in scorer.weigh(compared, pairs)]


def _keys_of(verdicts: Sequence[Verdict]) -> list[RecordKey]:
    return sorted({key for said in verdicts for key in (said.left, said.right)})


def _rows_of(table: pa.Table, keys: Sequence[RecordKey], column: str) -> dict[RecordKey, str]:
    """Return a column of the rows that have these keys, by key."""
    wanted = pa.table(
        {
            "source": pa.array([key.source for key in keys], pa.string()),
            "source_record_id": pa.array([key.source_record_id for key in keys], pa.string()),
        }
    )
    names = wanted.column_names
    found = table.select([*names, column]).join(wanted, names, join_type="inner")
    return {RecordKey(row["source"], row["source_record_id"]): row[column] for row in found.to_pylist()}


def _verdict(
    left_source: str, left_id: str, right_source: str, right_id: str, judgement: str, operation_id: str
) -> Verdict:
    left, right = RecordKey(left_source, left_id), RecordKey(right_source, right_id)
    return Verdict(left, right, Judgement(judgement), operation_id)


def defer(desk: Desk, task_id: str, until: datetime, actor: str, reason: str = "") -> ReviewTask:
    """Put a task off until a moment; return it as it is then. Its evidence may still close it before.

    Raises LookupFailed E508; DecisionRefused NOT_OPEN, NOT_AHEAD.
    """

    def unit(work: OnlineWork) -> ReviewTask:
        task = _open_task(work, task_id)
        if until <= work.at:
            raise DecisionRefused("NOT_AHEAD", f"{until.isoformat()} is past; nothing was put off.")
        details = {**task.details, DEFERRED: {"by": actor, "reason": reason}}
        later = replace(task, status=ReviewStatus.DEFERRED, deferred_until=until, details=details)
        work.defer_review(later)
        return later

    return attempt(desk, unit)


def label(desk: Desk, task_id: str, same: bool | None, actor: str) -> ReviewTask:
    """Answer a sample: the same person, not, or (None) unsure; return the closed task. Nothing else changes.

    Raises LookupFailed E508; DecisionRefused NOT_OPEN, NOT_A_SAMPLE.
    """

    def unit(work: OnlineWork) -> ReviewTask:
        task = _open_task(work, task_id)
        if task.kind is not ReviewKind.SAMPLE:
            raise _no_sample(task)
        if same is not None:
            left, right = (_key(str(task.details[side])) for side in ("left", "right"))
            work.put_label(Label(left, right, same, str(task.details["stratum"]), actor))
        by = "unsure" if same is None else "label"
        work.close_review(task_id, by)
        return replace(task, status=ReviewStatus.CLOSED, closed_at=work.at, closed_by=by)

    return attempt(desk, unit)


def resume(desk: Desk, task_id: str) -> ReviewTask:
    """Take a deferral back; return the task as it is then.

    Raises LookupFailed E508; DecisionRefused NOT_OPEN, NOT_DEFERRED.
    """

    def unit(work: OnlineWork) -> ReviewTask:
        task = _open_task(work, task_id)
        if task.deferred_until is None:
            raise DecisionRefused("NOT_DEFERRED", f"Task {task_id} is not put off.")
        details = {name: told for name, told in task.details.items() if name != DEFERRED}
        again = replace(task, status=ReviewStatus.OPEN, deferred_until=None, details=details)
        work.reopen_review(again)
        return again

    return attempt(desk, unit)


def unlabel(desk: Desk, task_id: str, actor: str) -> ReviewTask:
    """Take the answer to a sample back, by who gave it; return the task, which is open again.

    Raises LookupFailed E508; DecisionRefused NOT_A_SAMPLE, NOT_LABELLED.
    """

    def unit(work: OnlineWork) -> ReviewTask:
        task = work.review(task_id)
        if task is None:
            raise _unknown(task_id)
        if task.kind is not ReviewKind.SAMPLE:
            raise _no_sample(task)
        left, right = (_key(str(task.details[side])) for side in ("left", "right"))
        taken_back = task.closed_by == "unsure" or (
            task.closed_by == "label" and work.take_label_back(left, right, actor)
        )
        if not taken_back:
            raise DecisionRefused(
                "NOT_LABELLED", f"You have not answered task {task_id}; nothing was changed."
            )
        again = replace(task, status=ReviewStatus.OPEN, closed_at=None, closed_by=None)
        work.reopen_review(again)
        return again

    return attempt(desk, unit)


def _no_sample(task: ReviewTask) -> DecisionRefused:
    return DecisionRefused(
        "NOT_A_SAMPLE",
        f"Task {task.task_id} is no sample, but a {task.kind}; nothing was stored.",
        "Decide it, or put it off: `identity review` shows how.",
    )


def _unknown(task_id: str) -> LookupFailed:
    return LookupFailed("E508", f"No review task is known as {task_id}.", "`identity reviews` lists them.")


def _key(text: str) -> RecordKey:
    source, _, record_id = text.partition(":")
    return RecordKey(source, record_id)


def _open_task(work: OnlineWork, task_id: str) -> ReviewTask:
    task = work.review(task_id)
    if task is None:
        raise _unknown(task_id)
    if task.status is ReviewStatus.CLOSED:
        raise DecisionRefused(
            "NOT_OPEN", f"Task {task_id} was closed by {task.closed_by}; nothing was changed."
        )
    return task
