"""One task: its records side by side, why it is open, and what can be done about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
from starlette.responses import Response

from identity.commands.reviews import WHY
from identity.model.audit import AuditAction
from identity.model.cluster import GoldenId
from identity.model.errors import LookupFailed
from identity.model.record import RecordKey
from identity.model.review import ReviewStatus, ReviewTask
from identity.model.steward import Desk, QueueFilter, Stage, Whose
from stewardship.choices import OFFERED
from stewardship.comparing import table
from stewardship.pictures.graph import graph
from stewardship.pictures.waterfall import waterfall
from stewardship.places import Place
from stewardship.queue import part_of, standing
from stewardship.rights import Right
from stewardship.scene import Scene, scene_of
from stewardship.visit import Visit, address
from stewardship.words import QUESTIONS

__all__ = ["PLACES", "closed_page", "place_of", "task_of"]


def task_of(visit: Visit) -> ReviewTask:
    """Return the task that the address names. LookupFailed E508."""
    task_id = visit.named["task_id"]
    task = visit.service.store.views.review(task_id, visit.at) if task_id.isalnum() else None
    if task is None:
        raise LookupFailed("E508", "No review task is known by this.", "Go back to the queue.")
    return task


def task_page(visit: Visit) -> Response:
    """Show a task; of one that is closed, what became of it."""
    task = task_of(visit)
    if task.status is ReviewStatus.CLOSED:
        return closed_page(visit, task)
    scene, desk = scene_of(visit.service, task), visit.screen.desks.desk(task.task_id)
    clear, part = visit.shows(task.task_id), part_of(visit)
    before, behind = visit.screen.desks.neighbours(_walked(part), task)
    threshold = visit.service.match_rules.thresholds.match
    return visit.page(
        "task.html",
        task=task, scene=scene, desk=desk, part=part, clear=clear, now=visit.at,
        question=QUESTIONS[task.kind], why=WHY[task.kind], standing=standing(task, visit.at),
        rows=table(scene.sides, clear=clear), offers=OFFERED[task.kind],
        waterfall=waterfall(scene.pair, threshold) if scene.pair else None, threshold=threshold,
        graph=graph(_members(scene), scene.links, scene.named, threshold),
        before=before and place_of(before, part), behind=behind and place_of(behind, part),
        notes=visit.screen.desks.notes(task.task_id), hinders=hinders(visit, desk),
        holder=desk.held_at(visit.at), proposed=_proposed(task, desk), **_news(visit),
    )  # fmt: skip


def _proposed(task: ReviewTask, desk: Desk) -> dict[str, Any] | None:
    """Return what somebody wants who waits for a second person."""
    if desk.stage is not Stage.PROPOSED or not desk.proposal:
        return None
    choice, keys = orjson.loads(desk.proposal)
    labels = {offer.choice.value: offer.label for offer in OFFERED[task.kind]}
    return {"label": labels.get(choice, choice), "records": keys}


def hinders(visit: Visit, desk: Desk) -> str:
    """Return why this steward cannot decide this task now, "" when they can."""
    holder = desk.held_at(visit.at)
    if not visit.may(Right.DECIDE):
        return "Your role looks; it does not decide."
    if holder and holder != visit.who:
        return f"{holder} is at this task."
    if desk.stage is Stage.ESCALATED and not visit.may(Right.APPROVE):
        return "It was escalated: a lead decides it."
    if desk.stage in (Stage.SECOND_OPINION, Stage.PROPOSED) and desk.stage_by == visit.who:
        return "You asked for a second person: somebody else goes on."
    return ""


def _members(scene: Scene) -> dict[GoldenId, tuple[RecordKey, ...]]:
    """Return the records of each profile, in the order in which the profiles are met in the table."""
    met = list(dict.fromkeys(side.golden_id for side in scene.sides if side.golden_id in scene.profiles))
    order = [*met, *(golden_id for golden_id in scene.profiles if golden_id not in met)]
    return {golden_id: scene.profiles[golden_id].profile.records for golden_id in order if golden_id}


def _news(visit: Visit) -> dict[str, Any]:
    """Return what to tell of the step before: an operation that was done, or taken back, or a word."""
    views = visit.service.store.views
    done, undone = (visit.asked.get(name, "") for name in ("done", "undone"))
    return {
        "done": views.operation(done) if done.isalnum() else None,
        "undone": views.operation(undone) if undone.isalnum() else None,
        "told_notice": visit.asked.get("note", ""),
        "came_from": came_from if (came_from := visit.asked.get("from", "")).isalnum() else "",
    }


def closed_page(visit: Visit, task: ReviewTask, status: int = 200, *, raced: bool = False) -> Response:
    """Say what became of a task; `raced`: to somebody who wanted to decide it as well."""
    operation = visit.service.store.views.operation(task.closed_by or "")
    _, behind = visit.screen.desks.neighbours(_walked(part_of(visit)), task)
    return visit.page(
        "closed.html", status, task=task, operation=operation, raced=raced, question=QUESTIONS[task.kind],
        behind=behind and place_of(behind, part_of(visit)),
        notes=visit.screen.desks.notes(task.task_id), **_news(visit),
    )  # fmt: skip


def hold(visit: Visit) -> Response:
    """Stay at a task; say it where somebody else has it, or decided it, meanwhile."""
    task = task_of(visit)
    if task.status is ReviewStatus.CLOSED:
        return visit.page("part_overtaken.html", told="This task was decided meanwhile.")
    desk = visit.screen.desks.desk(task.task_id)
    holder = desk.held_at(visit.at)
    if holder == visit.who:
        visit.screen.desks.claim([task.task_id], visit.who, visit.screen.settings.lease)
    elif holder:
        return visit.page("part_overtaken.html", told=f"{holder} is at this task now.")
    if visit.said("seen") and scene_of(visit.service, task).seen != visit.said("seen"):
        return visit.page("part_overtaken.html", told="Something changed since you opened this task.")
    return Response(status_code=204)


def claim_one(visit: Visit) -> Response:
    """Sit down at a task."""
    task = task_of(visit)
    visit.screen.desks.claim([task.task_id], visit.who, visit.screen.settings.lease)
    return visit.go(place_of(task.task_id, part_of(visit)))


def reveal(visit: Visit) -> Response:
    """Show the personal values of a task in clear for a while. It is written down."""
    task = task_of(visit)
    visit.audit(AuditAction.REVEAL, task_id=task.task_id, golden_ids=task.golden_ids)
    visit.screen.stewards.disclose(visit.who, visit.session, task.task_id, visit.screen.settings.reveal)
    return visit.go(place_of(task.task_id, part_of(visit)))


def _walked(part: QueueFilter) -> QueueFilter:
    """Where one walks from task to task: what others are at is left out."""
    return replace(part, whose=Whose.FREE) if part.whose is Whose.ALL else part


def place_of(task_id: str, part: QueueFilter, **more: object) -> str:
    """Return the address of a task, seen from a part of the queue."""
    whose = None if part.whose is Whose.ALL else part.whose
    return address("tasks", task_id, whose=whose, kind=part.kind, **more)


PLACES = (
    Place("GET", "/tasks/{task_id}", Right.SEE, task_page),
    Place("POST", "/tasks/{task_id}/claim", Right.CLAIM, claim_one),
    Place("POST", "/tasks/{task_id}/hold", Right.CLAIM, hold),
    Place("POST", "/tasks/{task_id}/reveal", Right.REVEAL, reveal),
)
