"""why: two records of a profile → their weight, the links that connect them, and what people said on the way."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from identity.comparators import Comparator
from identity.flows.explain.sides import Said, Side, Subject, closest, said, subjects
from identity.flows.online.desk import Desk
from identity.model.errors import LookupFailed
from identity.model.evidence import MatchWeight, ScoredPair
from identity.model.judgement import Judgement
from identity.model.record import NormalisedRecord, RecordKey
from identity.ports import Look
from identity.steps.decide import decide
from identity.steps.widest import widest

__all__ = ["Step", "Why", "why"]


@dataclass(frozen=True, slots=True)
class Step:
    """One link of the path: its weight (None: a person's word alone), and what a person said of it."""

    left: RecordKey
    right: RecordKey
    match_weight: MatchWeight | None
    said: Said | None


@dataclass(frozen=True, slots=True)
class Why:
    """Whether both are `together` in one profile, and why: the best matching `pair` across both sides, the path inside
    the profile whose weakest link is strongest (a person's word is stronger than any weight), and every verdict
    between records on the path."""

    one: Subject
    other: Subject
    together: bool
    pair: ScoredPair
    judgement: Judgement
    path: tuple[Step, ...]
    said: tuple[Said, ...]


def why(look: Look, desk: Desk, comparators: Mapping[str, Comparator], one: Side, other: Side) -> Why:
    """Return what holds two records or profiles together. LookupFailed E501, E502 for what nobody knows, E507."""
    ours, theirs = subjects(look, one, other)
    for subject in (ours, theirs):
        if not subject.records:
            raise LookupFailed(
                "E502", f"{subject.asked} has no live record: {subject.status}.", "Ask why not."
            )
    pair = closest(look, desk, comparators, ours.records, theirs.records)
    together = ours.golden_id is not None and ours.golden_id == theirs.golden_id
    judgement = decide(pair.match_weight, desk.rules.thresholds)
    if not together:
        return Why(ours, theirs, together, pair, judgement, (), ())
    # The pair is in key order; the path begins on the side that was asked for first.
    start, goal = sorted((pair.pair.left, pair.pair.right), key=lambda key: key not in ours.records)
    steps, told = _path(look, desk, ours, start, goal)
    return Why(ours, theirs, together, pair, judgement, steps, told)


def _path(
    look: Look, desk: Desk, subject: Subject, start: RecordKey, goal: RecordKey
) -> tuple[tuple[Step, ...], tuple[Said, ...]]:
    assert subject.golden_id is not None
    members = look.members_of([subject.golden_id])[subject.golden_id]
    weights = _links(look, members)
    verdicts = [v for v in look.verdicts(members) if v.judgement is Judgement.MATCH]
    given = {(v.left, v.right): v for v in verdicts}
    path = _widest(weights, given, start, goal) or _widest(
        weights := _everything(look, desk, members), given, start, goal
    )
    told = said(look, [v for v in verdicts if v.left in path and v.right in path])
    by_pair = {(each.verdict.left, each.verdict.right): each for each in told}
    steps = []
    for left, right in pairwise(path):
        pair = min(left, right), max(left, right)
        weight = weights.get(pair)
        steps.append(Step(left, right, None if weight is None else MatchWeight(weight), by_pair.get(pair)))
    return tuple(steps), told


def _widest(
    weights: Mapping[tuple[RecordKey, RecordKey], float],
    given: Mapping[tuple[RecordKey, RecordKey], object],
    start: RecordKey,
    goal: RecordKey,
) -> list[RecordKey]:
    bound = {**weights, **dict.fromkeys(given, math.inf)}
    return widest([(*pair, weight) for pair, weight in bound.items()], start, goal)


def _links(look: Look, members: Sequence[RecordKey]) -> dict[tuple[RecordKey, RecordKey], float]:
    inside = frozenset(members)
    return {
        (found.link.left, found.link.right): found.link.match_weight
        for found in look.links(members)
        if found.link.match_weight is not None and {found.link.left, found.link.right} <= inside
    }


def _everything(
    look: Look, desk: Desk, members: Sequence[RecordKey]
) -> dict[tuple[RecordKey, RecordKey], float]:
    """Return the weight of every pair, also of those too weak to be stored: company alone may hold a record."""
    stored = look.stored(members)
    records = [NormalisedRecord(key, stored[key].features) for key in members]
    pairs = list(combinations(range(len(members)), 2))
    weights = desk.scorer(look).weigh(records, pairs)
    return {(members[one], members[other]): w for (one, other), w in zip(pairs, weights, strict=True)}
