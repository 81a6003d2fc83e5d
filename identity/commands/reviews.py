"""What `identity reviews`, `review`, `defer`, `label` and `evaluate` do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from identity.bootstrap import Service, SystemClock
from identity.flows.estimate import draw_sample, estimate_links
from identity.flows.review import defer, label
from identity.model.errors import LookupFailed
from identity.model.record import RecordKey
from identity.model.review import ReviewKind, ReviewTask

__all__ = [
    "WHY",
    "answered",
    "defer_report",
    "estimate_report",
    "label_report",
    "moment",
    "review_kind",
    "review_report",
    "reviews_report",
    "sample_report",
]

_MOST = 10
"""So many records of a profile are shown side by side."""
_ANSWERS = {"yes": True, "no": False, "unsure": None}

WHY: Mapping[ReviewKind, str] = {
    ReviewKind.POSSIBLE_MATCH: "Two profiles are linked: too weakly to be one, too strongly to be dismissed.",
    ReviewKind.CLOSE_CALL: "Two records match, but the company they keep keeps their profiles apart.",
    ReviewKind.WEAK_BRIDGE: "One weak link holds the profile together.",
    ReviewKind.CROWDED: "The profile holds more records than one person usually has.",
    ReviewKind.CONTRADICTED: "The records were told anew, and speak strongly against what was decided about them.",
    ReviewKind.BREAKER: "A change was larger than its limits, and was held back.",
    ReviewKind.SAMPLE: "The pair was drawn to find out how right the links are. Nothing is merged by the answer.",
    ReviewKind.LOYALTY_BLOCKED: "The loyalty members of one person cannot be made one.",
    ReviewKind.LOYALTY_SHORTFALL: "Loyalty members are somebody else's now, and the platform cannot part them again.",
}

# What can be done about each kind, in the words of the command line.
_MERGE, _APART = (
    ("one person", "identity merge {golden_ids}"),
    ("two people", "identity keep-apart {golden_ids}"),
)
_SPLIT = ("some records are somebody else's", "identity split {golden_ids} RECORD…")
_TOGETHER = ("these two belong together", "identity keep-together {left} {right}")
_UNDO = ("the decision was wrong", "identity undo {operation_id}")
_SEEN_TO = ("it was seen to at the platform", "identity reconcile loyalty --repair")
_ONE_AGAIN = ("they are one person after all", "identity merge {golden_ids}")
_LATER = ("not now", "identity defer {task_id} --until DATE --actor NAME")
_WAYS: dict[ReviewKind, tuple[tuple[str, str], ...]] = {
    ReviewKind.POSSIBLE_MATCH: (_MERGE, _APART, _LATER),
    ReviewKind.CLOSE_CALL: (_MERGE, _APART, _LATER),
    ReviewKind.WEAK_BRIDGE: (_SPLIT, _TOGETHER, _LATER),
    ReviewKind.CROWDED: (_SPLIT, _LATER),
    ReviewKind.CONTRADICTED: (_UNDO, _LATER),
    ReviewKind.BREAKER: (_LATER,),
    ReviewKind.LOYALTY_BLOCKED: (_SEEN_TO, _SPLIT, _LATER),
    ReviewKind.LOYALTY_SHORTFALL: (_SEEN_TO, _ONE_AGAIN, _LATER),
    ReviewKind.SAMPLE: (
        ("the same person", "identity label {task_id} yes --actor NAME"),
        ("not the same person", "identity label {task_id} no --actor NAME"),
        ("cannot be told", "identity label {task_id} unsure --actor NAME"),
    ),
}


def review_kind(text: str | None) -> ReviewKind | None:
    """Return the kind of that name. ValueError for one that nobody knows."""
    if text is None:
        return None
    if text not in list(ReviewKind):
        raise ValueError(f"There is no kind {text!r}. Use one of: {', '.join(ReviewKind)}.")
    return ReviewKind(text)


def moment(text: str) -> datetime:
    """Return an ISO 8601 date or time, in UTC where it names no zone. ValueError when it is none."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date: write it as 2026-03-02 or 2026-03-02T09:00Z.") from None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)


def answered(text: str) -> bool | None:
    """Return what an answer means; None: unsure. ValueError for another word."""
    if text not in _ANSWERS:
        raise ValueError(f"{text!r} is no answer. Use one of: {', '.join(_ANSWERS)}.")
    return _ANSWERS[text]


def reviews_report(service: Service, kind: ReviewKind | None, limit: int) -> dict[str, Any]:
    """Return the open tasks, the most pressing first, and how many there are of each kind."""
    views, now = service.store.views, SystemClock().now()
    return {
        "reviews": [_told(task) for task in views.reviews(now, kind, limit)],
        "waiting": {str(name): count for name, count in sorted(views.reviews_waiting(now).items())},
        "deferred": views.reviews_deferred(now),
    }


def review_report(service: Service, task_id: str) -> dict[str, Any]:
    """Return a task with its records side by side. LookupFailed E508 for an id nobody knows."""
    task = service.store.views.review(task_id, SystemClock().now())
    if task is None:
        raise LookupFailed("E508", f"No review task is known as {task_id}.", "`identity reviews` lists them.")
    return {
        **_told(task),
        "why": WHY[task.kind],
        "profiles": {
            golden_id: [str(key) for key in service.store.views.members(golden_id)]
            for golden_id in task.golden_ids
        },
        "records": [_record(service, key) for key in _shown(service, task)],
        "ways": [] if task.closed_at else _ways(task),
    }


def _shown(service: Service, task: ReviewTask) -> list[RecordKey]:
    """Return the pair that a task is about, else the first records of its profiles."""
    named = [str(task.details[side]) for side in ("left", "right") if side in task.details]
    if named:
        return [RecordKey(*_parted(name)) for name in named]
    return [key for golden_id in task.golden_ids for key in service.store.views.members(golden_id)[:_MOST]]


def _parted(name: str) -> tuple[str, str]:
    source, _, record_id = name.partition(":")
    return source, record_id


def _record(service: Service, key: RecordKey) -> dict[str, Any]:
    record, home = service.store.views.record(key), service.store.views.golden_id_of(key)
    values = dict(record.attributes) if record else {}
    return {"record": str(key), "golden_id": home, "values": values}


def _ways(task: ReviewTask) -> list[dict[str, str]]:
    known = {
        **{name: str(value) for name, value in task.details.items()},
        "task_id": task.task_id,
        "golden_ids": " ".join(task.golden_ids),
    }
    return [{"if": means, "run": command.format(**known)} for means, command in _WAYS[task.kind]]


def defer_report(service: Service, task_id: str, until: datetime, actor: str, reason: str) -> dict[str, Any]:
    """Put a task off; return it."""
    return _told(defer(service.desk, task_id, until, actor, reason))


def label_report(service: Service, task_id: str, same: bool | None, actor: str) -> dict[str, Any]:
    """Answer a sample; return its task, which is closed."""
    return _told(label(service.desk, task_id, same, actor))


def sample_report(service: Service, wanted: int) -> dict[str, Any]:
    """Draw pairs to be labelled; return how many were drawn of each stratum."""
    drawn = draw_sample(service.sampling_room, wanted)
    strata: dict[str, int] = {}
    for each in drawn:
        strata[each.stratum] = strata.get(each.stratum, 0) + 1
    return {"drawn": len(drawn), "strata": strata}


def estimate_report(service: Service) -> dict[str, Any]:
    """Return what the labels there are tell of the links as they are now."""
    found = estimate_links(service.sampling_room)
    return {
        "labels": sum(stratum.labelled for stratum in found.strata),
        "set_aside": found.set_aside,
        **asdict(found.estimates),
        "strata": [asdict(stratum) for stratum in found.strata],
    }


def _told(task: ReviewTask) -> dict[str, Any]:
    times = {
        name: value.isoformat() if value else None
        for name, value in (
            ("opened_at", task.opened_at),
            ("deferred_until", task.deferred_until),
            ("closed_at", task.closed_at),
        )
    }
    return {
        "task": task.task_id,
        "kind": str(task.kind),
        "status": str(task.status),
        "priority": round(task.priority, 4),
        "impact": round(task.impact, 4),
        "uncertainty": round(task.uncertainty, 4),
        "match_weight": task.match_weight,
        "golden_ids": list(task.golden_ids),
        "details": dict(task.details),
        **times,
        "closed_by": task.closed_by,
    }
