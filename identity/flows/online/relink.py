"""relink: records and those who share a block with them → the links between them now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from identity.flows.online.desk import Desk
from identity.flows.online.refile import Refiled
from identity.model.evidence import MatchWeight
from identity.model.judgement import Link
from identity.model.record import NormalisedRecord, RecordKey
from identity.ports import Look, OnlineWork, Redo, RedoKind, Scorer, StoredLink
from identity.steps.decide import decide
from identity.steps.file import file

__all__ = ["lost_pairs", "machine_link", "relink"]


def relink(
    work: Look | OnlineWork, desk: Desk, scorer: Scorer, refiled: Refiled, keys: Mapping[int, RecordKey]
) -> list[StoredLink]:
    """Return every link at or above the review threshold between the refiled records and their candidates.

    `keys` are those of the refiled records.
    """
    met = work.filed(frozenset().union(*refiled.candidates.values()) - keys.keys())
    records = met | {
        number: NormalisedRecord(keys[number], features) for number, features in refiled.features.items()
    }
    pairs = sorted(
        {
            (min(one, other), max(one, other))
            for one, others in refiled.candidates.items()
            for other in others
            if other in records
        }
    )
    places = {number: at for at, number in enumerate(records)}
    weights = scorer.weigh(list(records.values()), [(places[one], places[other]) for one, other in pairs])
    return [
        machine_link(desk, records[one].key, records[other].key, weight, blocked=True)
        for (one, other), weight in zip(pairs, weights, strict=True)
        if weight >= desk.rules.thresholds.review
    ]


def machine_link(desk: Desk, one: RecordKey, other: RecordKey, weight: float, *, blocked: bool) -> StoredLink:
    """Return what the machine says about a pair of this weight."""
    left, right = sorted((one, other))
    judgement = decide(MatchWeight(weight), desk.rules.thresholds)
    return StoredLink(Link(left, right, judgement, MatchWeight(weight)), blocked)


def lost_pairs(work: OnlineWork, desk: Desk, refiled: Refiled) -> list[Redo]:
    """Return what to decide again: linked pairs that only blocks which have outgrown their caps had proposed."""
    members = work.filed({number for block in refiled.outgrown for number in block} - refiled.features.keys())
    if len(members) < 2:
        return []
    numbers = {record.key: number for number, record in members.items()}
    pairs = [
        (numbers[found.link.left], numbers[found.link.right])
        for found in work.links(numbers)
        if found.blocked and found.link.left in numbers and found.link.right in numbers
    ]
    blocks = {number: file(members[number].features, desk.cabinet) for pair in pairs for number in pair}
    shared = [blocks[one].keys() & blocks[other].keys() for one, other in pairs]
    small = _within_their_caps(
        work, {block: cap for found in blocks.values() for block, cap in found.items()}, shared
    )
    lost = {
        number for pair, common in zip(pairs, shared, strict=True) if not common & small for number in pair
    }
    return [Redo(RedoKind.RECORD, number, "block over its cap") for number in sorted(lost)]


def _within_their_caps(
    work: OnlineWork, caps: Mapping[int, int], shared: Iterable[Collection[int]]
) -> frozenset[int]:
    wanted = {block for common in shared for block in common}
    members = work.members({block: caps[block] + 1 for block in wanted})
    return frozenset(block for block in wanted if len(members.get(block, ())) <= caps[block])
