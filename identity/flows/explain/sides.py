"""What is asked about: a record, or everybody in a profile; and what people said of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product

from identity.comparators import Comparator
from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.errors import LookupFailed
from identity.model.evidence import ScoredPair
from identity.model.judgement import Verdict
from identity.model.record import NormalisedRecord, RecordKey
from identity.ports import Change, Look, StoredRecord
from identity.steps.compare import compare
from identity.steps.refuse import storable

__all__ = ["Said", "Side", "Subject", "closest", "said", "subjects"]

Side = GoldenId | RecordKey
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Subject:
    """One side of a question: the golden id that answers for it now, and the live records it stands for.

    `status` is live, or why there is nobody: not stored, deleted, shadow (its source takes no effect), empty, erased.
    """

    asked: Side
    golden_id: GoldenId | None
    records: tuple[RecordKey, ...]
    status: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of a pair of records, and the change it was said in: by whom, when and why."""

    verdict: Verdict
    change: Change


def subjects(look: Look, one: Side, other: Side) -> tuple[Subject, Subject]:
    """Return both sides of a question; a record that is on both counts for the first.

    LookupFailed E501 for a golden id never issued, E507 where nobody is left for the second.
    """
    ours, theirs = _subject(look, one), _subject(look, other)
    rest = tuple(key for key in theirs.records if key not in ours.records)
    if one == other or (theirs.records and not rest):
        raise LookupFailed("E507", "Both sides of the question are the same.", "Name two that differ.")
    return ours, replace(theirs, records=rest)


def _subject(look: Look, side: Side) -> Subject:
    return _record(look, side) if isinstance(side, RecordKey) else _profile(look, side)


def _record(look: Look, key: RecordKey) -> Subject:
    known = look.stored([key]) if storable(key.source, key.source_record_id) else {}
    status = _status(known[key]) if key in known else "not stored"
    return Subject(key, look.memberships(list(known)).get(key), (key,) if status == "live" else (), status)


def _status(stored: StoredRecord) -> str:
    if stored.deleted_at is not None:
        return "deleted"
    return "live" if stored.live else stored.mode


def _profile(look: Look, golden_id: GoldenId) -> Subject:
    answering = look.answering([golden_id]) if storable(golden_id) else {}
    if golden_id not in answering:
        raise LookupFailed("E501", f"No profile was ever issued as {golden_id}.")
    survivor, status = answering[golden_id]
    members = look.members_of([survivor]).get(survivor, ())
    if survivor != golden_id:
        members = tuple(key for key in _last_members(look, golden_id) if key in members) or members
    return Subject(golden_id, survivor, members, status)


def _last_members(look: Look, golden_id: GoldenId) -> tuple[RecordKey, ...]:
    """Return the records that an id had just before it was merged away."""
    left = max((move.at for move in look.moves(golden_id) if not move.came), default=None)
    return () if left is None else look.members_at([golden_id], left - _INSTANT).get(golden_id, ())


def closest(
    look: Look,
    desk: Desk,
    comparators: Mapping[str, Comparator],
    one: Collection[RecordKey],
    other: Collection[RecordKey],
) -> ScoredPair:
    """Return the pair across both sides that matches best, with the steps to its weight; ties fall to the smallest."""
    stored = look.stored({*one, *other})
    records = [NormalisedRecord(key, stored[key].features) for key in sorted(stored)]
    places = {record.key: at for at, record in enumerate(records)}
    pairs = sorted({tuple(sorted((places[left], places[right]))) for left, right in product(one, other)})
    scorer = desk.scorer(look)
    weights = scorer.weigh(records, [(left, right) for left, right in pairs])
    left, right = pairs[max(range(len(pairs)), key=lambda at: (weights[at], -at))]
    return compare(records[left], records[right], scorer.model, comparators)


def said(look: Look, verdicts: Collection[Verdict]) -> tuple[Said, ...]:
    """Return verdicts with the changes they were given in."""
    changes = look.changes({each.operation_id for each in verdicts})
    return tuple(Said(each, changes[each.operation_id]) for each in sorted(verdicts))
