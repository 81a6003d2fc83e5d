"""reconcile: what should be looked at now, and the tasks that are open → the tasks to open, to restate and to close."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from identity.model.review import Concern

__all__ = ["Reconciled", "Standing", "reconcile"]

DEFERRED = "deferred"
"""The detail of a task that says who put it off, and why: it is the steward's, and stays."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A task that is open or deferred, and the concern as it was last told."""

    task_id: str
    concern: Concern


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Concerns nobody was told of yet, tasks whose concern is another one now, and tasks without one."""

    opened: tuple[Concern, ...]
    restated: tuple[Standing, ...]
    closed: tuple[Standing, ...]


def reconcile(concerns: Iterable[Concern], standing: Iterable[Standing]) -> Reconciled:
    """Compare by subject: there is one open task of each."""
    wanted = {concern.subject: concern for concern in concerns}
    open_now = {each.concern.subject: each for each in standing}
    now = [
        Standing(each.task_id, _with_deferral(wanted[subject], each.concern))
        for subject, each in open_now.items()
        if subject in wanted
    ]
    return Reconciled(
        opened=tuple(wanted[subject] for subject in sorted(wanted.keys() - open_now.keys())),
        restated=tuple(each for each in now if each != open_now[each.concern.subject]),
        closed=tuple(open_now[subject] for subject in sorted(open_now.keys() - wanted.keys())),
    )


def _with_deferral(concern: Concern, before: Concern) -> Concern:
    if DEFERRED not in before.details:
        return concern
    return replace(concern, details={**concern.details, DEFERRED: before.details[DEFERRED]})
