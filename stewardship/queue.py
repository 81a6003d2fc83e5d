"""What waits for a person: the queue, live; who sits down at what; whose it shall be."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from identity.model.review import ReviewKind, ReviewTask
from identity.model.steward import Queued, QueueFilter, Role, Whose
from stewardship.places import Place, Refused
from stewardship.rights import MAY, Right
from stewardship.visit import Visit, address

__all__ = ["PLACES", "part_of", "standing"]

_PAGE = 50
_DUE, _LATE = timedelta(days=1), timedelta(days=3)
"""How long a task may wait before it is due, and before it is late."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How long a task has waited: in time, due or late."""

    word: str
    told: str


def standing(task: ReviewTask, now: datetime) -> Standing:
    waited = now - task.opened_at
    if waited >= _LATE:
        return Standing("late", "late")
    return Standing("due", "due") if waited >= _DUE else Standing("fresh", "in time")


def part_of(visit: Visit) -> QueueFilter:
    """Return the part of the queue that an address or a form names; what it cannot name is everything."""
    asked = {**visit.asked, **{name: visit.said(name) for name in ("whose", "kind") if visit.said(name)}}
    whose, kind, page = asked.get("whose", ""), asked.get("kind", ""), asked.get("page", "1")
    place = int(page) if page.isascii() and page.isdigit() and len(page) < 5 else 1
    return QueueFilter(
        visit.who,
        Whose(whose) if whose in set(Whose) else Whose.ALL,
        ReviewKind(kind) if kind in set(ReviewKind) else None,
        _PAGE,
        (max(place, 1) - 1) * _PAGE,
    )


def queue(visit: Visit) -> Response:
    """Show the queue."""
    return visit.page("queue.html", **_told(visit))


def queue_part(visit: Visit) -> Response:
    """Return the queue where it is another than the one that was seen."""
    told = _told(visit)
    if told["seen"] == visit.asked.get("seen"):
        return Response(status_code=204)
    return visit.page("part_queue.html", **told)


def _told(visit: Visit) -> dict[str, Any]:
    part = part_of(visit)
    rows = visit.screen.desks.queue(replace(part, limit=_PAGE + 1))
    counts = visit.screen.desks.counts(visit.who)
    assignees = (
        [
            each.name
            for each in visit.screen.stewards.stewards()
            if each.active and Right.DECIDE in MAY[each.role]
        ]
        if visit.may(Right.ASSIGN)
        else []
    )
    return {
        "part": part, "rows": rows[:_PAGE], "more": len(rows) > _PAGE, "counts": counts,
        "number": part.offset // _PAGE + 1, "assignees": assignees, "standing": standing, "now": visit.at,
        "seen": _seen(rows, visit.at, counts), "Whose": Whose, "Role": Role, "most": _most(rows),
        "told_notice": visit.asked.get("note", ""), "came_from": _came_from(visit),
    }  # fmt: skip


def _came_from(visit: Visit) -> str:
    task_id = visit.asked.get("from", "")
    return task_id if task_id.isalnum() else ""


def _most(rows: tuple[Queued, ...]) -> float:
    return max((row.task.priority for row in rows), default=1.0) or 1.0


def _seen(rows: tuple[Queued, ...], at: datetime, counts: object) -> str:
    told = [(row.task.task_id, round(row.task.priority, 6), row.desk.held_at(at), row.desk) for row in rows]
    return hashlib.blake2b(repr((told, counts)).encode(), digest_size=12).hexdigest()


def claim(visit: Visit) -> Response:
    """Sit down at the tasks that are ticked."""
    wanted = visit.ticked("task")
    got = visit.screen.desks.claim(_known(wanted), visit.who, visit.screen.settings.lease)
    return visit.go(_back(visit, "claimed" if len(got) == len(wanted) else "claimed_some"))


def release(visit: Visit) -> Response:
    """Leave the tasks that are ticked."""
    visit.screen.desks.release(_known(visit.ticked("task")), visit.who)
    return visit.go(_back(visit, "released"))


def assign(visit: Visit) -> Response:
    """Say whose the ticked tasks shall be."""
    name = visit.said("assignee")
    found = visit.screen.stewards.steward(name) if name else None
    if name and not (found and found.active and Right.DECIDE in MAY[found.role]):
        raise Refused(400, "Nobody by this name may decide tasks.", "Choose another.")
    visit.screen.desks.assign(_known(visit.ticked("task")), name or None)
    return visit.go(_back(visit, "assigned"))


def following(visit: Visit) -> Response:
    """Sit down at the most pressing task that is free, and go there."""
    part = part_of(visit)
    for mine in (Whose.MINE, Whose.FREE) if part.whose is not Whose.FREE else (Whose.FREE,):
        for row in visit.screen.desks.queue(replace(part, whose=mine, limit=20, offset=0)):
            if visit.screen.desks.claim([row.task.task_id], visit.who, visit.screen.settings.lease):
                return visit.go(_task(row.task.task_id, part))
    return visit.go(_back(visit, "nothing"))


def _known(task_ids: list[str]) -> list[str]:
    if len(task_ids) > 500 or any(not each.isalnum() or len(each) > 40 for each in task_ids):
        raise Refused(400, "These are no tasks.", "Tick some of the queue.")
    return task_ids


def _back(visit: Visit, note: str) -> str:
    part = part_of(visit)
    return address(whose=_named(part), kind=part.kind, note=note)


def _task(task_id: str, part: QueueFilter) -> str:
    return address("tasks", task_id, whose=_named(part), kind=part.kind)


def _named(part: QueueFilter) -> str | None:
    return None if part.whose is Whose.ALL else part.whose.value


PLACES = (
    Place("GET", "", Right.SEE, queue),
    Place("GET", "/queue", Right.SEE, queue_part),
    Place("POST", "/claim", Right.CLAIM, claim),
    Place("POST", "/release", Right.CLAIM, release),
    Place("POST", "/assign", Right.ASSIGN, assign),
    Place("POST", "/next", Right.CLAIM, following),
)
