"""What a steward can decide about a task, by its kind: the word, the key, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from identity.flows.judge import Decided, Decisions, Preview, Wish
from identity.model.record import RecordKey
from identity.model.review import ReviewKind
from stewardship.scene import Scene

__all__ = ["LABELS", "OFFERED", "SHOWN", "TAKEN", "Choice", "Offer"]


class Choice(StrEnum):
    MERGE = "merge"
    APART = "apart"
    TOGETHER = "together"
    SPLIT = "split"
    REVISE = "revise"
    SAME = "same"
    OTHER = "other"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Offer:
    """A choice as it is offered: under which key, in which words."""

    choice: Choice
    key: str
    label: str
    means: str


_MERGE = Offer(Choice.MERGE, "m", "Merge", "They are one person.")
_APART = Offer(Choice.APART, "a", "Keep apart", "They are different people, for good.")
_TOGETHER = Offer(Choice.TOGETHER, "m", "Belongs together", "The two in question are one person, for good.")
_SPLIT = Offer(Choice.SPLIT, "s", "Split", "The ticked records are somebody else's.")
_REVISE = Offer(Choice.REVISE, "m", "Take the decision back", "What was decided does not hold any more.")
_SAME = Offer(Choice.SAME, "m", "The same", "They are one person.")
_OTHER = Offer(Choice.OTHER, "a", "Not the same", "They are different people.")
_UNSURE = Offer(Choice.UNSURE, "x", "Cannot tell", "It stays out of the estimate.")

OFFERED: Mapping[ReviewKind, Sequence[Offer]] = {
    ReviewKind.POSSIBLE_MATCH: (_MERGE, _APART),
    ReviewKind.CLOSE_CALL: (_MERGE, _APART),
    ReviewKind.WEAK_BRIDGE: (_TOGETHER, _SPLIT),
    ReviewKind.CROWDED: (_SPLIT,),
    ReviewKind.CONTRADICTED: (_REVISE,),
    ReviewKind.BREAKER: (),
    ReviewKind.SAMPLE: (_SAME, _OTHER, _UNSURE),
    ReviewKind.LOYALTY_BLOCKED: (_SPLIT,),
    ReviewKind.LOYALTY_SHORTFALL: (_MERGE,),
}
LABELS: Mapping[Choice, bool | None] = {Choice.SAME: True, Choice.OTHER: False, Choice.UNSURE: None}
"""What each answer to a sample means."""

Keys = Sequence[RecordKey]
TAKEN: Mapping[Choice, Callable[[Decisions, Scene, Keys, Wish], Decided]] = {
    Choice.MERGE: lambda take, scene, _, wish: take.merge(list(scene.profiles), wish),
    Choice.APART: lambda take, scene, _, wish: take.keep_apart(*scene.two, wish),
    Choice.TOGETHER: lambda take, scene, _, wish: take.keep_together(*scene.asked, wish),
    Choice.SPLIT: lambda take, scene, keys, wish: take.split(scene.one, keys, wish),
    Choice.REVISE: lambda take, scene, _, wish: take.undo(scene.decided_in, wish),
}
SHOWN: Mapping[Choice, Callable[[Decisions, Scene, Keys, Wish], Preview]] = {
    Choice.MERGE: lambda show, scene, _, wish: show.preview_merge(list(scene.profiles), wish),
    Choice.APART: lambda show, scene, _, wish: show.preview_keep_apart(*scene.two, wish),
    Choice.TOGETHER: lambda show, scene, _, wish: show.preview_keep_together(*scene.asked, wish),
    Choice.SPLIT: lambda show, scene, keys, wish: show.preview_split(scene.one, keys, wish),
    Choice.REVISE: lambda show, scene, _, wish: show.preview_undo(scene.decided_in, wish),
}
