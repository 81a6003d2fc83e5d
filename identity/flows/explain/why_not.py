"""why not: two records or profiles that are not together → what keeps them apart, the decisive cause first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from identity.comparators import Comparator
from identity.flows.explain.company import Company, company, traced
from identity.flows.explain.sides import Said, Side, Subject, closest, said, subjects
from identity.flows.online.desk import Desk
from identity.model.evidence import Contribution, MatchWeight, ScoredPair
from identity.model.judgement import Judgement
from identity.model.record import RecordKey
from identity.ports import Look, StoredRecord
from identity.steps.cluster import Between
from identity.steps.contradict import decided_together
from identity.steps.file import file_by_key
from identity.steps.normalise import normalise

__all__ = [
    "Absent",
    "BelowThreshold",
    "Cause",
    "CompanySpeaksAgainst",
    "KeptApart",
    "LimitReached",
    "NoSharedBlock",
    "TooLarge",
    "Waiting",
    "WhyNot",
    "why_not",
]


@dataclass(frozen=True, slots=True)
class Absent:
    """There is nobody to put together; see `Subject.status`."""

    cause: ClassVar[str] = "absent"
    asked: str
    status: str


@dataclass(frozen=True, slots=True)
class KeptApart:
    """A person said so: of the pair itself (`directly`), of two that are decided to be the same as these (`through
    others`), or of two that keep their company (`in company`)."""

    cause: ClassVar[str] = "kept_apart"
    how: str
    said: Said


@dataclass(frozen=True, slots=True)
class LimitReached:
    """One profile would hold more values of an identifier than the rules allow."""

    cause: ClassVar[str] = "limit_reached"
    identifier: str
    limit: int


@dataclass(frozen=True, slots=True)
class TooLarge:
    """So many records hang together that their weakest links are cut."""

    cause: ClassVar[str] = "too_large"
    records: int
    largest: int


@dataclass(frozen=True, slots=True)
class BelowThreshold:
    """Their weight is not above the match threshold. `against` is what speaks against a match, most of it first."""

    cause: ClassVar[str] = "below_threshold"
    match_weight: MatchWeight
    threshold: MatchWeight
    against: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class NoSharedBlock:
    """No block proposes the pair. `overfull` are keys under which they are filed alike with too many others, `generic`
    the values they have in common that count as nobody's own."""

    cause: ClassVar[str] = "no_shared_block"
    overfull: tuple[str, ...]
    generic: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompanySpeaksAgainst:
    """Links connect them, but best link and mean of the groups they are in are not worth more than the threshold."""

    cause: ClassVar[str] = "company_speaks_against"
    one: tuple[RecordKey, ...]
    other: tuple[RecordKey, ...]
    best: float
    mean: float
    worth: float
    threshold: MatchWeight


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing keeps them apart but time: what was written since is still to be decided again."""

    cause: ClassVar[str] = "waiting"


Cause = (
    Absent
    | KeptApart
    | LimitReached
    | TooLarge
    | BelowThreshold
    | NoSharedBlock
    | CompanySpeaksAgainst
    | Waiting
)


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What keeps two apart, the decisive cause first; none when they are `together`. `pair` is the best matching one
    across both sides."""

    one: Subject
    other: Subject
    together: bool
    pair: ScoredPair | None
    causes: tuple[Cause, ...]


def why_not(look: Look, desk: Desk, comparators: Mapping[str, Comparator], one: Side, other: Side) -> WhyNot:
    """Return why two records or profiles are not together. LookupFailed E501 for an id never issued, E507."""
    ours, theirs = subjects(look, one, other)
    absent = tuple(Absent(str(side.asked), side.status) for side in (ours, theirs) if not side.records)
    if absent:
        return WhyNot(ours, theirs, False, None, absent)
    pair = closest(look, desk, comparators, ours.records, theirs.records)
    if ours.golden_id is not None and ours.golden_id == theirs.golden_id:
        return WhyNot(ours, theirs, True, pair, ())
    found = company(look, desk, [*ours.records, *theirs.records])
    return WhyNot(ours, theirs, False, pair, tuple(_causes(look, desk, found, pair)) or (Waiting(),))


def _causes(look: Look, desk: Desk, found: Company, pair: ScoredPair) -> list[Cause]:
    left, right = pair.pair.left, pair.pair.right
    between = _between(desk, found, left, right)
    causes: list[Cause] = [*_kept_apart(look, found, left, right, between), *_cut(desk, found, left, right)]
    if found.places[right] not in found.component(left):
        return [*causes, *_below(desk, pair), *_unblocked(look, desk, found, left, right)]
    if between is None:  # by the evidence they are together
        return causes
    limits = [LimitReached(kind, desk.rules.partition.distinct_values[kind]) for kind in between.limits]
    if between.worth > desk.rules.thresholds.match:
        return causes + limits
    return [*causes, *_below(desk, pair), _company(desk, found, left, between), *limits]


def _between(desk: Desk, found: Company, left: RecordKey, right: RecordKey) -> Between | None:
    """Return what stands between the groups of two records of one component; None for two components, or one group."""
    component = found.component(left)
    places = found.places[left], found.places[right]
    if places[1] not in component:
        return None
    asked = (component.index(places[0]), component.index(places[1]))
    return next(iter(traced(desk, found, component, [asked]).between), None)


def _kept_apart(
    look: Look, found: Company, left: RecordKey, right: RecordKey, between: Between | None
) -> list[Cause]:
    ours, theirs = (decided_together(found.verdicts, [key]) for key in (left, right))
    groups: list[tuple[str, set[RecordKey], set[RecordKey]]] = [
        ("directly", {left}, {right}),
        ("through others", ours, theirs),
    ]
    if between:
        component = found.component(left)
        named = [set(found.named(component, side)) for side in (between.one, between.other)]
        groups.append(("in company", named[0], named[1]))
    for how, one, other in groups:
        if verdicts := found.said(one, other, Judgement.NO_MATCH):
            return [KeptApart(how, said(look, verdicts[:1])[0])]
    return []


def _cut(desk: Desk, found: Company, left: RecordKey, right: RecordKey) -> list[Cause]:
    whole, largest = found.uncut(left), desk.rules.partition.largest_component
    if found.places[right] in whole and len(whole) > largest:
        return [TooLarge(len(whole), largest)]
    return []


def _below(desk: Desk, pair: ScoredPair) -> list[Cause]:
    threshold = desk.rules.thresholds.match
    if pair.match_weight > threshold:
        return []
    # The prior speaks against every pair, and tells nothing of this one.
    against = sorted(pair.contributions[1:], key=lambda each: each.match_weight)
    return [BelowThreshold(pair.match_weight, threshold, tuple(c for c in against if c.match_weight < 0))]


def _company(desk: Desk, found: Company, left: RecordKey, between: Between) -> Cause:
    component = found.component(left)
    return CompanySpeaksAgainst(
        found.named(component, between.one),
        found.named(component, between.other),
        between.best,
        between.mean,
        between.worth,
        desk.rules.thresholds.match,
    )


def _unblocked(look: Look, desk: Desk, found: Company, left: RecordKey, right: RecordKey) -> list[Cause]:
    ours, theirs = (found.gathered.records[found.places[key]] for key in (left, right))
    one, other = (file_by_key(stored.features, desk.cabinet) for stored in (ours, theirs))
    shared = {name: block for name, block in one.items() if other.get(name) == block}
    caps = dict(shared.values())
    members = look.members({block: cap + 1 for block, cap in caps.items()})
    overfull = tuple(name for name, (number, cap) in shared.items() if len(members.get(number, ())) > cap)
    if len(overfull) < len(shared):
        return []
    return [NoSharedBlock(overfull, _generic(desk, ours, theirs))]


def _generic(desk: Desk, one: StoredRecord, other: StoredRecord) -> tuple[str, ...]:
    """Return the kinds of value that both records tell alike and neither is filed by."""
    told = [normalise(stored.record, desk.rules.custom).features for stored in (one, other)]
    return tuple(
        kind
        for kind in sorted(desk.rules.generic_limits)
        if kind in told[0]
        and told[0][kind] == told[1].get(kind)
        and kind not in one.features
        and kind not in other.features
    )
