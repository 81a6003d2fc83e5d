"""how: a golden id → how its profile came to be, and how today's records hold together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from identity.flows.explain.company import Company, company, traced
from identity.flows.explain.sides import Said, said
from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.errors import LookupFailed
from identity.model.judgement import Judgement
from identity.model.record import RecordKey
from identity.ports import Change, Lead, Look, Move
from identity.steps.cluster import Merge
from identity.steps.refuse import storable

__all__ = ["How", "Joined", "Passage", "how"]

Where = GoldenId | None


@dataclass(frozen=True, slots=True)
class Passage:
    """What one change did to a golden id: which records came from which other id (None: told for the first time, or
    again), which left for which (None: taken out), which ids lead to it since, and to which it leads itself since.
    Where none did, a value was given."""

    at: datetime
    change: Change | None
    came: Mapping[Where, tuple[RecordKey, ...]]
    left: Mapping[Where, tuple[RecordKey, ...]]
    merged_in: tuple[GoldenId, ...]
    leads_to: GoldenId | None


@dataclass(frozen=True, slots=True)
class Joined:
    """Two groups of records that the partition joins: by a person's decision (`said`), or because what their best link
    and the mean of all links across are worth together is above the threshold."""

    one: tuple[RecordKey, ...]
    other: tuple[RecordKey, ...]
    by_decision: bool
    best: float
    mean: float
    worth: float
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class How:
    """The history of a golden id, oldest first, and the order in which its records hold together today.

    `answers` is who answers for it now: itself, or the id it was merged into.
    """

    golden_id: GoldenId
    answers: GoldenId
    status: str
    records: tuple[RecordKey, ...]
    history: tuple[Passage, ...]
    joins: tuple[Joined, ...]


def how(look: Look, desk: Desk, golden_id: GoldenId) -> How:
    """Return how a profile came to be. LookupFailed E501 for an id never issued."""
    answering = look.answering([golden_id]) if storable(golden_id) else {}
    if golden_id not in answering:
        raise LookupFailed("E501", f"No profile was ever issued as {golden_id}.")
    answers, status = answering[golden_id]
    records = look.members_of([golden_id]).get(golden_id, ())
    return How(
        golden_id, answers, status, records, _history(look, golden_id, records), _joins(look, desk, records)
    )


def _history(look: Look, golden_id: GoldenId, records: Sequence[RecordKey]) -> tuple[Passage, ...]:
    moves, leads = look.moves(golden_id), look.leads(golden_id)
    given = {each.operation_id for each in look.overrides(records)}
    named = {move.change_id for move in moves} | {lead.change_id for lead in leads} | given
    known = look.changes({change_id for change_id in named if change_id})
    by_moment = {change.at: change for change in known.values()}
    gave = {change.at for name, change in known.items() if name in given}
    moments = sorted({move.at for move in moves} | {lead.since for lead in leads} | gave)
    return tuple(
        _passage(
            golden_id,
            at,
            by_moment.get(at) or _only(look.changes_at(at)),
            [move for move in moves if move.at == at],
            [lead for lead in leads if lead.since == at],
        )
        for at in moments
    )


def _only(changes: Sequence[Change]) -> Change | None:
    """Return the one change of a moment; a record that is taken out does not say in which it was."""
    return changes[0] if len(changes) == 1 else None


def _passage(
    golden_id: GoldenId, at: datetime, change: Change | None, moves: Sequence[Move], leads: Sequence[Lead]
) -> Passage:
    return Passage(
        at,
        change,
        came=_by_other(move for move in moves if move.came),
        left=_by_other(move for move in moves if not move.came),
        merged_in=tuple(lead.retired for lead in leads if lead.survivor == golden_id),
        leads_to=next((lead.survivor for lead in leads if lead.retired == golden_id), None),
    )


def _by_other(moves: Iterable[Move]) -> dict[Where, tuple[RecordKey, ...]]:
    found: dict[Where, tuple[RecordKey, ...]] = {}
    for move in moves:
        found[move.other] = (*found.get(move.other, ()), move.key)
    return found


def _joins(look: Look, desk: Desk, records: Sequence[RecordKey]) -> tuple[Joined, ...]:
    """Return the merges that lead to a profile, each component's in its order; none for one record."""
    if len(records) < 2:
        return ()
    found = company(look, desk, records)
    components = {tuple(found.component(key)): None for key in records if key in found.places}
    joins = [
        _joined(look, found, component, merge)
        for component in components
        for merge in traced(desk, found, component).merges
    ]
    return tuple(join for join in joins if {*join.one, *join.other} <= set(records))


def _joined(look: Look, found: Company, component: Sequence[int], merge: Merge) -> Joined:
    between = merge.between
    one, other = found.named(component, between.one), found.named(component, between.other)
    verdicts = found.said(one, other, Judgement.MATCH) if merge.decided else []
    return Joined(one, other, merge.decided, between.best, between.mean, between.worth, said(look, verdicts))
