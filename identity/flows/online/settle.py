"""settle: a unit of work in which records are resolved, tried again when others get in its way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from identity.flows.online.blinds import recall
from identity.flows.online.desk import Desk
from identity.flows.online.refile import Restated, refile
from identity.flows.online.regroup import Regrouped, regroup
from identity.flows.online.relink import lost_pairs, relink
from identity.flows.online.restate import MACHINE, Restatement, restate
from identity.model.cluster import GoldenId
from identity.model.errors import Contention, StoreError
from identity.model.record import RecordKey
from identity.ports import Change, Look, OnlineWork

__all__ = ["AT_ONCE", "Naming", "Settled", "attempt", "refuse_another_index", "settle"]

AT_ONCE = 50
"""Records per unit of work: what is held meanwhile is held briefly, and one bad record stops few others."""
_ATTEMPTS = 8

_T = TypeVar("_T")

Naming = Callable[[OnlineWork, Regrouped], Mapping[RecordKey, GoldenId]]
"""Returns the golden ids that records are to have, in so far as their clusters can agree on them."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a unit did, by which model, and how many items it queued to be decided again."""

    restatement: Restatement
    regrouped: Regrouped
    change_id: str
    queued: int
    model_version: str = ""


def settle(
    work: OnlineWork,
    desk: Desk,
    restated: Sequence[Restated],
    kind: str,
    correlation_id: str | None = None,
    named: Naming = lambda _, __: {},
) -> Settled | None:
    """Resolve records that were told anew, taken out, or are to be decided again; None when there are none.

    `named` says which golden ids records are to have again, see `restate.planned`.
    """
    if not restated:
        return None
    scorer = desk.scorer(work)
    keys = {each.number: each.key for each in restated}
    refiled = refile(work, desk, restated)
    redo = [*refiled.redo, *lost_pairs(work, desk, refiled)]
    work.put_redo(redo)
    fresh = relink(work, desk, scorer, refiled, keys)
    regrouped = regroup(work, desk, scorer, keys.values(), fresh)
    recall(work, desk, [each.now for each in restated if each.now])
    change = Change(desk.new_id(), kind, MACHINE, work.at, "", correlation_id, scorer.model.version)
    restated_now = restate(work, desk, regrouped, list(keys.values()), change, named(work, regrouped))
    return Settled(restated_now, regrouped, change.change_id, len(redo), scorer.model.version)


def attempt(desk: Desk, unit: Callable[[OnlineWork], _T]) -> _T:
    """Return what `unit` returns from a unit of work of its own, tried again when others get in its way."""
    for tried in range(1, _ATTEMPTS):
        try:
            with desk.transactions.online(desk.clock) as work:
                return unit(work)
        except Contention:
            desk.pause(tried)
    with desk.transactions.online(desk.clock) as work:
        return unit(work)


def refuse_another_index(work: Look | OnlineWork, desk: Desk) -> None:
    if work.index_version() != desk.index_version:
        raise StoreError(
            "E412",
            "The index that real time finds records by is not built for these rules.",
            "Run `identity rematch` (it may be running just now).",
        )
