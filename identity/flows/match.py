"""match: a record that is not stored → the records it is like, how much and why. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from identity.comparators import Comparator
from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.evidence import Contribution, MatchWeight
from identity.model.judgement import Judgement
from identity.model.record import NormalisedRecord, RecordKey, SourceRecord
from identity.ports import Look
from identity.steps.compare import compare
from identity.steps.decide import decide
from identity.steps.file import file, hold
from identity.steps.normalise import normalise
from identity.steps.refuse import refuse

__all__ = ["Alike", "match"]

# A record that is only asked about need not have a name.
_ASKED = RecordKey("asked", "asked")


@dataclass(frozen=True, slots=True)
class Alike:
    """A stored record that shares a block with the one asked about. `contributions` sum to the match weight."""

    key: RecordKey
    golden_id: GoldenId | None
    match_weight: MatchWeight
    judgement: Judgement
    contributions: Sequence[Contribution]


def match(
    look: Look, desk: Desk, comparators: Mapping[str, Comparator], record: SourceRecord, most: int = 10
) -> list[Alike]:
    """Return up to `most` records at or above the review threshold, the likest first.

    The record itself, should it be stored, is not among them. Values that are nobody's own count for nothing.
    RowError for a record that could not be stored.
    """
    if problem := refuse(replace(record, key=_ASKED), desk.rules.custom):
        raise problem
    asked = NormalisedRecord(record.key, _features(look, desk, record))
    blocks = file(asked.features, desk.cabinet)
    members = look.members({block: cap + 1 for block, cap in blocks.items()})
    numbers = {number for block, found in members.items() if len(found) <= blocks[block] for number in found}
    others = [found for found in look.filed(numbers).values() if found.key != record.key]
    scorer = desk.scorer(look)
    weights = scorer.weigh([asked, *others], [(0, at) for at in range(1, len(others) + 1)])
    ranked = sorted(zip(weights, others, strict=True), key=lambda pair: (-pair[0], pair[1].key))
    best = [other for weight, other in ranked[:most] if weight >= desk.rules.thresholds.review]
    homes = look.memberships([other.key for other in best])
    explained = [(other.key, compare(asked, other, scorer.model, comparators)) for other in best]
    return [
        Alike(
            key,
            homes.get(key),
            pair.match_weight,
            decide(pair.match_weight, desk.rules.thresholds),
            pair.contributions,
        )
        for key, pair in explained
    ]


def _features(look: Look, desk: Desk, record: SourceRecord) -> dict[str, str]:
    raw = normalise(record, desk.rules.custom).features
    values = {
        kind: number
        for kind, number in hold(raw, desk.cabinet)[0].items()
        if kind in desk.rules.generic_limits
    }
    generic = look.generic(values.values())
    return {name: value for name, value in raw.items() if values.get(name) not in generic}
