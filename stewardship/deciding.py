"""What a steward decides about a task: shown first, taken once, taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import orjson
from starlette.responses import Response

from identity.flows.judge import Wish
from identity.flows.review import defer, label, resume, unlabel
from identity.model.errors import DecisionRefused
from identity.model.record import RecordKey
from identity.model.review import ReviewStatus, ReviewTask
from identity.model.steward import Desk, QueueFilter, Stage, Whose
from stewardship.choices import LABELS, OFFERED, SHOWN, TAKEN, Choice
from stewardship.places import Place, Refused
from stewardship.previewing import previewed
from stewardship.queue import part_of
from stewardship.rights import Right
from stewardship.scene import Scene, key_of, scene_of
from stewardship.tasks import closed_page, hinders, place_of, task_of
from stewardship.visit import Visit, address

__all__ = ["PLACES", "wish_of"]

_SERIOUS = frozenset({Choice.MERGE, Choice.SPLIT, Choice.REVISE})
"""What two people may have to decide."""
_DAYS = {"1": 1, "3": 3, "7": 7, "30": 30}
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a form asks for."""

    choice: Choice
    keys: Sequence[RecordKey]

    def plain(self) -> str:
        """Return it as what a second person's wish is compared with."""
        return orjson.dumps([self.choice, sorted(map(str, self.keys))]).decode()


def preview(visit: Visit) -> Response:
    """Show what a decision would lead to."""
    task = task_of(visit)
    wanted = _wanted(visit, task)
    if wanted.choice in LABELS:
        return visit.page("part_preview.html", preview=None, **_dialog(wanted))
    scene = scene_of(visit.service, task)
    found = SHOWN[wanted.choice](visit.service.decisions, scene, wanted.keys, _wish(visit, scene))
    told = previewed(found, clear=visit.shows(task.task_id))
    return visit.page("part_preview.html", preview=told, **_dialog(wanted))


def _dialog(wanted: Wanted) -> dict[str, Any]:
    return {"choice": wanted.choice, "keys": wanted.keys}


def decide(visit: Visit) -> Response:
    """Take a decision, if things are still as they were seen; then go to the next task."""
    task = task_of(visit)
    if task.status is ReviewStatus.CLOSED:
        return closed_page(visit, task, 409, raced=True)
    scene, desk = scene_of(visit.service, task), visit.screen.desks.desk(task.task_id)
    if why := hinders(visit, desk):
        return visit.page("stale.html", 409, title=why, told=_HELD, task=task, part=part_of(visit))
    if scene.seen != visit.said("seen"):
        return visit.page("stale.html", 409, title=_STALE, told=_LOOK_AGAIN, task=task, part=part_of(visit))
    wanted = _wanted(visit, task)
    if wanted.choice in LABELS:
        label(visit.service.desk, task.task_id, LABELS[wanted.choice], visit.who)
        visit.screen.desks.clear(task.task_id)
        return _onward(visit, task, note="labelled")
    if _needs_another(visit, scene, desk, wanted):
        visit.screen.desks.put_stage(task.task_id, Stage.PROPOSED, visit.who, _reason(visit), wanted.plain())
        return _onward(visit, task, note="proposed")
    return _taken(visit, scene, wanted)


_STALE = "Something changed since you opened this task."
_LOOK_AGAIN = "Nothing was decided. Look again: what you see then is how things are now."
_HELD = "Nothing was decided."


def _taken(visit: Visit, scene: Scene, wanted: Wanted) -> Response:
    try:
        decided = TAKEN[wanted.choice](visit.service.decisions, scene, wanted.keys, _wish(visit, scene))
    except DecisionRefused:
        # Somebody else was a moment earlier: they have decided it, and this steward is told.
        if (now := task_of(visit)).status is ReviewStatus.CLOSED:
            return closed_page(visit, now, 409, raced=True)
        raise
    if reason := _reason(visit):
        visit.screen.desks.put_note(scene.task.task_id, visit.who, wanted.choice.value, reason)
    visit.screen.desks.clear(scene.task.task_id)
    return _onward(visit, scene.task, done=decided.operation.operation_id)


def _needs_another(visit: Visit, scene: Scene, desk: Desk, wanted: Wanted) -> bool:
    least = visit.screen.settings.four_eyes
    if least is None or scene.task.impact < least or wanted.choice not in _SERIOUS:
        return False
    agreed = desk.stage is Stage.PROPOSED and desk.stage_by != visit.who
    return not (agreed and desk.proposal == wanted.plain())


def undo(visit: Visit) -> Response:
    """Take a decision back, and go to where it can be decided anew."""
    operation_id = visit.named["operation_id"]
    decided = visit.service.decisions.undo(operation_id, wish_of(visit, _reason(visit)))
    told = {"undone": decided.operation.operation_id}
    if golden_id := visit.said("profile"):
        return visit.go(address("profiles", golden_id, **told))
    task = visit.service.store.views.review(visit.said("task"), visit.at) if visit.said("task") else None
    if task is None:
        return visit.go(address(note="undone"))
    again = visit.screen.desks.open_about(task.subject)
    if again is None:  # whoever takes a merge back says that they are two: it is not asked again
        return visit.go(place_of(task.task_id, part_of(visit), **told))
    visit.screen.desks.claim([again], visit.who, visit.screen.settings.lease)
    return visit.go(place_of(again, part_of(visit), **told))


def put_off(visit: Visit) -> Response:
    """Put a task off for some days."""
    task = task_of(visit)
    days = _DAYS.get(visit.said("days"))
    if days is None:
        raise Refused(400, "For how long?", "Choose one of the days that are offered.")
    defer(visit.service.desk, task.task_id, visit.at + timedelta(days=days), visit.who, _reason(visit))
    visit.screen.desks.put_note(task.task_id, visit.who, "put off", _reason(visit))
    visit.screen.desks.release([task.task_id], visit.who)
    return _onward(visit, task, note="deferred")


def take_up_again(visit: Visit) -> Response:
    """Take back that a task was put off, and sit down at it."""
    task = task_of(visit)
    resume(visit.service.desk, task.task_id)
    return _back_at(visit, task)


def take_answer_back(visit: Visit) -> Response:
    """Take one's answer to a sample back, and sit down at it."""
    task = task_of(visit)
    unlabel(visit.service.desk, task.task_id, visit.who)
    return _back_at(visit, task)


def _back_at(visit: Visit, task: ReviewTask) -> Response:
    visit.screen.desks.claim([task.task_id], visit.who, visit.screen.settings.lease)
    return visit.go(place_of(task.task_id, part_of(visit), note="undone"))


def escalate(visit: Visit) -> Response:
    """Leave a task to a lead."""
    return _staged(visit, Stage.ESCALATED, "escalated")


def second_opinion(visit: Visit) -> Response:
    """Leave a task to somebody else."""
    return _staged(visit, Stage.SECOND_OPINION, "asked")


def give_back(visit: Visit) -> Response:
    """Put a task back into the queue: it waits for nobody in particular any more. To take back that one has given it
    away is to sit down there again."""
    return _staged(visit, Stage.NONE, "undone" if visit.said("undo") else "returned")


def _staged(visit: Visit, stage: Stage, note: str) -> Response:
    task = task_of(visit)
    if task.status is ReviewStatus.CLOSED:
        return closed_page(visit, task, 409, raced=True)
    desk = visit.screen.desks.desk(task.task_id)
    holder = desk.held_at(visit.at)
    if holder and holder != visit.who:
        raise Refused(409, f"{holder} is at this task.", "Choose another.")
    if desk.stage and desk.stage_by != visit.who and not visit.may(Right.APPROVE):
        raise Refused(403, f"{desk.stage_by} brought it there: they, or a lead, take it back.")
    visit.screen.desks.put_stage(task.task_id, stage, visit.who, _reason(visit))
    return _back_at(visit, task) if note == "undone" else _onward(visit, task, note=note)


def _onward(visit: Visit, task: ReviewTask, **told: str) -> Response:
    """Go to the next task, and sit down there."""
    part = part_of(visit)
    walked = replace(part, whose=Whose.FREE) if part.whose in (Whose.ALL, Whose.MINE) else part
    _, behind = visit.screen.desks.neighbours(walked, task)
    following = behind or next((row.task.task_id for row in visit.screen.desks.queue(_first(walked))), None)
    if following is None:
        following = task.task_id
        if "done" not in told:
            return visit.go(address(**{"from": task.task_id}, **told))
    # A split may leave the same task open: then one goes on where one was.
    visit.screen.desks.claim([following], visit.who, visit.screen.settings.lease)
    return visit.go(place_of(following, part, **{"from": task.task_id}, **told))


def _first(part: QueueFilter) -> QueueFilter:
    return replace(part, limit=1, offset=0)


def _wanted(visit: Visit, task: ReviewTask) -> Wanted:
    """Return what is asked for. Refused where it is not offered for this kind of task."""
    choice = next(
        (offer.choice for offer in OFFERED[task.kind] if offer.choice == visit.said("choice")), None
    )
    if choice is None:
        raise Refused(400, "This cannot be decided about this task.", "Choose what is offered.")
    return Wanted(choice, [key_of(text) for text in visit.ticked("record")] if choice is Choice.SPLIT else [])


def _wish(visit: Visit, scene: Scene) -> Wish:
    return replace(wish_of(visit, _reason(visit)), expected=scene.versions)


def wish_of(visit: Visit, reason: str) -> Wish:
    """Return what a decision carries of who takes it."""
    return Wish(visit.who, reason, visit.request.scope.get("correlation_id"))


def _reason(visit: Visit) -> str:
    reason = visit.said("reason")
    if len(reason) > _LONGEST or "\0" in reason:
        raise Refused(400, "The reason is too long.", f"It has at most {_LONGEST} characters.")
    return reason


PLACES = (
    Place("POST", "/tasks/{task_id}/preview", Right.DECIDE, preview),
    Place("POST", "/tasks/{task_id}/decide", Right.DECIDE, decide),
    Place("POST", "/tasks/{task_id}/defer", Right.CLAIM, put_off),
    Place("POST", "/tasks/{task_id}/resume", Right.CLAIM, take_up_again),
    Place("POST", "/tasks/{task_id}/unlabel", Right.DECIDE, take_answer_back),
    Place("POST", "/tasks/{task_id}/escalate", Right.CLAIM, escalate),
    Place("POST", "/tasks/{task_id}/second-opinion", Right.CLAIM, second_opinion),
    Place("POST", "/tasks/{task_id}/return", Right.CLAIM, give_back),
    Place("POST", "/operations/{operation_id}/undo", Right.DECIDE, undo),
)
