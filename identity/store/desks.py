"""Who is at which review task, what it waits for, and what was noted about it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, union_all

from identity.model.review import ReviewKind, ReviewTask
from identity.model.steward import Desk, Note, QueueCounts, Queued, QueueFilter, Stage, Whose
from identity.ports import Clock
from identity.store.dialect import Database, Kind, Statement
from identity.store.reviews import review_task
from identity.store.tables import TABLES

__all__ = ["MOST_COUNTED", "Desks"]

MOST_COUNTED = 10_000
"""Who waits for so many needs no exact number."""

_TASK = TABLES["review_task"]
_DESK = TABLES["review_desk"]
_NOTE = TABLES["review_note"].c
_TASKS = {"task_id": Kind.TEXT}

_CLAIM = Statement(
    "INSERT INTO review_desk (task_id, holder, held_until, stage, stage_by, proposal)"
    " SELECT task_id, :who, :until, '', '', '' FROM {rows} AS s WHERE TRUE"
    " ON CONFLICT (task_id) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until"
    " WHERE review_desk.holder IS NULL OR review_desk.holder = excluded.holder"
    " OR review_desk.held_until <= :at RETURNING task_id",
    _TASKS,
)
_RELEASE = Statement(
    "UPDATE review_desk SET holder = NULL, held_until = NULL WHERE holder = :who"
    " AND task_id IN (SELECT task_id FROM {rows} AS s)",
    _TASKS,
)
_ASSIGN = Statement(
    "INSERT INTO review_desk (task_id, assignee, stage, stage_by, proposal)"
    " SELECT task_id, :assignee, '', '', '' FROM {rows} AS s WHERE TRUE"
    " ON CONFLICT (task_id) DO UPDATE SET assignee = excluded.assignee, holder = NULL, held_until = NULL",
    _TASKS,
)
_STAGE = Statement(
    "INSERT INTO review_desk (task_id, stage, stage_by, proposal) VALUES (:task_id, :stage, :who, :proposal)"
    " ON CONFLICT (task_id) DO UPDATE SET stage = :stage, stage_by = :who, proposal = :proposal,"
    " holder = NULL, held_until = NULL"
)
_CLEAR = Statement(
    "UPDATE review_desk SET holder = NULL, held_until = NULL, assignee = NULL, stage = '', stage_by = '',"
    " proposal = '' WHERE task_id = :task_id"
)
_NOTE_DOWN = Statement(
    "INSERT INTO review_note (task_id, actor, at, kind, note) VALUES (:task_id, :who, :at, :kind, :note)"
)


class Desks:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def claim(self, task_ids: Collection[str], who: str, lasts: timedelta) -> frozenset[str]:
        """Sit down at tasks, for so long; return those that nobody else is at."""
        at = self._clock.now()
        with self._database.write() as connection:
            asked = _CLAIM.on(sorted(set(task_ids)), who=who, at=at, until=at + lasts)
            return (
                frozenset(str(task_id) for (task_id,) in connection.ask(asked)()) if task_ids else frozenset()
            )

    def release(self, task_ids: Collection[str], who: str) -> None:
        """Leave tasks that one is at."""
        if task_ids:
            with self._database.write() as connection:
                connection.execute(_RELEASE.on(sorted(set(task_ids)), who=who))

    def assign(self, task_ids: Collection[str], assignee: str | None) -> None:
        """Say whose tasks they shall be (None: anybody's); whoever is at them leaves."""
        if task_ids:
            with self._database.write() as connection:
                connection.execute(_ASSIGN.on(sorted(set(task_ids)), assignee=assignee))

    def put_stage(self, task_id: str, stage: Stage, who: str, note: str = "", proposal: str = "") -> None:
        """Say what a task waits for, with a note; whoever is at it leaves."""
        told = {"task_id": task_id, "who": who}
        with self._database.write() as connection:
            connection.execute(
                _STAGE.of(stage=stage.value, proposal=proposal, **told),
                _NOTE_DOWN.of(kind=stage.value or "returned", note=note, at=self._clock.now(), **told),
            )

    def clear(self, task_id: str) -> None:
        """Leave nobody at a task: it is decided."""
        with self._database.write() as connection:
            connection.execute(_CLEAR.of(task_id=task_id))

    def put_note(self, task_id: str, who: str, kind: str, note: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                _NOTE_DOWN.of(task_id=task_id, who=who, at=self._clock.now(), kind=kind, note=note)
            )

    def notes(self, task_id: str) -> tuple[Note, ...]:
        """Return what was noted about a task, oldest first."""
        asked = select(_NOTE.actor, _NOTE.at, _NOTE.kind, _NOTE.note).where(_NOTE.task_id == task_id)
        with self._database.read() as look:
            return tuple(Note(*row) for row in look.execute(asked.order_by(_NOTE.id)))

    def desk(self, task_id: str) -> Desk:
        """Return how a task's desk stands; an untouched one is nobody's."""
        with self._database.read() as look:
            row = look.execute(select(*_DESK.c).where(_DESK.c.task_id == task_id)).one_or_none()
        return Desk(task_id) if row is None else _desk(row)

    def queue(self, asked: QueueFilter) -> tuple[Queued, ...]:
        """Return open tasks, the most pressing first."""
        at = self._clock.now()
        columns = [
            _DESK.c[name] for name in ("holder", "held_until", "assignee", "stage", "stage_by", "proposal")
        ]
        found = (
            select(*_TASK.c, *columns)
            .select_from(_TASK.outerjoin(_DESK, _TASK.c.task_id == _DESK.c.task_id))
            .where(_open(at), *_parts(asked, at))
            .order_by(_TASK.c.priority.desc(), _TASK.c.subject)
            .limit(asked.limit)
            .offset(asked.offset)
        )
        with self._database.read() as look:
            return tuple(Queued(review_task(row).seen_at(at), _desk(row)) for row in look.execute(found))

    def neighbours(self, asked: QueueFilter, task: ReviewTask) -> tuple[str | None, str | None]:
        """Return the tasks before and behind one in a part of the queue, which need not hold it."""
        at = self._clock.now()
        place = (_TASK.c.priority, _TASK.c.subject)
        # The bound by itself lets the index begin at the task, wherever in the queue that is.
        less = and_(place[0] <= task.priority, or_(place[0] < task.priority, place[1] > task.subject))
        more = and_(place[0] >= task.priority, or_(place[0] > task.priority, place[1] < task.subject))
        part = (
            select(_TASK.c.task_id)
            .select_from(_TASK.outerjoin(_DESK, _TASK.c.task_id == _DESK.c.task_id))
            .where(_open(at), *_parts(asked, at))
            .limit(1)
        )
        with self._database.read() as look:
            before = look.execute(part.where(more).order_by(place[0], place[1].desc())).scalar()
            behind = look.execute(part.where(less).order_by(place[0].desc(), place[1])).scalar()
        return before, behind

    def open_about(self, subject: str) -> str | None:
        """Return the open task about a subject."""
        asked = select(_TASK.c.task_id).where(_TASK.c.subject == subject, _TASK.c.closed_at.is_(None))
        with self._database.read() as look:
            return look.execute(asked).scalar()

    def counts(self, steward: str) -> QueueCounts:
        """Return how many open tasks there are of each kind, and of each part for this steward; of each kind, and of
        those that somebody was at, MOST_COUNTED at most."""
        at = self._clock.now()
        parts = [part for part in Whose if part not in (Whose.ALL, Whose.FREE)]
        still = select(_TASK.c.task_id).where(_TASK.c.task_id == _DESK.c.task_id, _open(at)).exists()
        desks = select(_sum(~_free(at)), *(_sum(_WHOSE[part](steward, at)) for part in parts))
        with self._database.read() as look:
            rows: list[Any] = list(look.execute(union_all(*(_of_kind(kind, at) for kind in ReviewKind))))
            row: Any = look.execute(desks.where(_DESK.c.task_id.in_(_touched()), still)).one()
        taken, *counted = row
        kinds = {ReviewKind(kind): int(open_ or 0) for kind, open_, _ in rows if open_}
        more = frozenset(ReviewKind(kind) for kind, _, count in rows if count >= MOST_COUNTED)
        everything = sum(kinds.values())
        whose = {Whose.ALL: everything, Whose.FREE: max(0, everything - int(taken or 0))}
        whose |= {part: int(count or 0) for part, count in zip(parts, counted, strict=True)}
        return QueueCounts(kinds, whose, sum(int(count) for _, _, count in rows) - everything, more)


def _of_kind(kind: ReviewKind, at: datetime) -> Any:
    """Return what counts the open tasks of a kind: those that are due, and all."""
    due = or_(_TASK.c.deferred_until.is_(None), _TASK.c.deferred_until <= at)
    found = select(case((due, 1), else_=0).label("due")).where(
        _TASK.c.kind == kind.value, _TASK.c.closed_at.is_(None)
    )
    counted = found.limit(MOST_COUNTED).subquery()
    return select(literal(kind.value), func.sum(counted.c.due), func.count()).select_from(counted)


def _touched() -> Select[tuple[str]]:
    """Return what finds the tasks that are somebody's, or wait for somebody; each part in an index of its own."""
    parts = (_DESK.c.holder.is_not(None), _DESK.c.assignee.is_not(None), _DESK.c.stage != "")
    found = union_all(*(select(_DESK.c.task_id).where(part) for part in parts)).subquery()
    return select(found.c.task_id).limit(MOST_COUNTED)


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _open(at: datetime) -> ColumnElement[bool]:
    due = or_(_TASK.c.deferred_until.is_(None), _TASK.c.deferred_until <= at)
    return and_(_TASK.c.closed_at.is_(None), due)


def _parts(asked: QueueFilter, at: datetime) -> list[ColumnElement[bool]]:
    parts = [] if asked.whose is Whose.ALL else [_WHOSE[asked.whose](asked.steward, at)]
    parts += [_near(asked.steward)] if asked.whose is Whose.MINE else []
    return parts if asked.kind is None else [*parts, _TASK.c.kind == asked.kind.value]


def _free(at: datetime) -> ColumnElement[bool]:
    unheld = or_(_DESK.c.holder.is_(None), _DESK.c.held_until <= at)
    unstaged = or_(_DESK.c.stage.is_(None), _DESK.c.stage == "")
    return and_(unheld, _DESK.c.assignee.is_(None), unstaged)


def _mine(steward: str, at: datetime) -> ColumnElement[bool]:
    held = and_(_DESK.c.holder == steward, _DESK.c.held_until > at)
    return or_(held, _DESK.c.assignee == steward)


def _near(steward: str) -> ColumnElement[bool]:
    """Two indexes find the few tasks that can be somebody's: what is open is not gone through for them."""
    near = union_all(
        select(_DESK.c.task_id).where(_DESK.c.holder == steward),
        select(_DESK.c.task_id).where(_DESK.c.assignee == steward),
    )
    return _TASK.c.task_id.in_(near)


def _at_stage(stage: Stage) -> ColumnElement[bool]:
    # The index holds rows with any stage: that there is one is said as it is said there.
    return and_(_DESK.c.stage == stage.value, _DESK.c.stage != "")


_WHOSE: dict[Whose, Any] = {
    Whose.FREE: lambda _, at: _free(at),
    Whose.MINE: _mine,
    Whose.ESCALATED: lambda _, __: _at_stage(Stage.ESCALATED),
    Whose.SECOND_OPINION: lambda _, __: _at_stage(Stage.SECOND_OPINION),
    Whose.PROPOSED: lambda _, __: _at_stage(Stage.PROPOSED),
}


def _desk(row: Any) -> Desk:
    """Return the desk of a row; of a task that nobody was at, an untouched one."""
    return Desk(
        row.task_id, row.holder, row.held_until, row.assignee, Stage(row.stage or ""), row.stage_by or "",
        row.proposal or "",
    )  # fmt: skip
