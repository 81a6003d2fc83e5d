"""review: what is known around some profiles → what a person should look at.

    impact       log2(1 + records) · (1 + source systems) / 2, over all records concerned
    uncertainty  1 − |2p − 1| with p = 2^w / (1 + 2^w), at least .05: even odds are 1, a certainty .05
    priority     impact · uncertainty

Where there is no weight to go by, `_UNWEIGHED` says how uncertain it is.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeVar

from identity.model.cluster import GoldenId
from identity.model.evidence import MatchWeight
from identity.model.judgement import Judgement, Link, Verdict
from identity.model.match import Thresholds
from identity.model.record import RecordKey
from identity.model.review import Concern, ReviewKind

__all__ = [
    "BRIDGE_MARGIN",
    "CONTRADICTION",
    "CROWD",
    "Extent",
    "Scene",
    "between",
    "bridge",
    "contradiction",
    "contradicts",
    "crowd",
    "extent",
    "impact",
    "review",
    "sampled",
    "uncertainty",
    "weakest",
]

BRIDGE_MARGIN = 2.0
"""A profile whose strongest tree of links is not this many bits above the match threshold everywhere is held weakly."""
CROWD = 50
"""A profile of more records than this is looked at."""
CONTRADICTION = 8.0
"""Evidence of this many bits speaks strongly, for or against."""
_LEAST_UNCERTAIN = 0.05
_UNWEIGHED = {ReviewKind.CROWDED: 0.5, ReviewKind.CONTRADICTED: 1.0}

Pair = tuple[RecordKey, RecordKey]
_Pair = TypeVar("_Pair", Link, Verdict)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is concerned: so many records, from so many source systems."""

    records: int
    sources: int


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known around some live profiles: whose records are whose, every link and verdict in force between them.

    `told_again` weighs the pairs of verdicts one of whose records was told again since.
    """

    members: Mapping[GoldenId, Sequence[RecordKey]]
    links: Collection[Link]
    verdicts: Collection[Verdict]
    told_again: Mapping[Verdict, MatchWeight]


def review(scene: Scene, about: Collection[GoldenId], thresholds: Thresholds) -> list[Concern]:
    """Return what a person should look at about these profiles. The scene reaches as far as their links do."""
    home = {key: golden_id for golden_id, keys in scene.members.items() for key in keys}
    found = [*_between(scene, home, set(about), thresholds), *_contradicted(scene, home, set(about))]
    links, verdicts = _inside(scene.links, home), _inside(scene.verdicts, home)
    for golden_id in sorted(set(about) & scene.members.keys()):
        members = scene.members[golden_id]
        if len(members) > CROWD:
            found.append(crowd(golden_id, extent(members)))
        weak = weakest(members, links.get(golden_id, ()), verdicts.get(golden_id, ()))
        if weak and _weight(weak) < thresholds.match + BRIDGE_MARGIN:
            found.append(bridge(golden_id, weak, extent(members)))
    return found


def _inside(pairs: Iterable[_Pair], home: Mapping[RecordKey, GoldenId]) -> dict[GoldenId, list[_Pair]]:
    """Return links, or verdicts, by the profile that holds both records."""
    found: dict[GoldenId, list[_Pair]] = {}
    for pair in pairs:
        golden_id = home.get(pair.left)
        if golden_id is not None and home.get(pair.right) == golden_id:
            found.setdefault(golden_id, []).append(pair)
    return found


def _between(
    scene: Scene, home: Mapping[RecordKey, GoldenId], about: Set[GoldenId], thresholds: Thresholds
) -> list[Concern]:
    strongest: dict[tuple[GoldenId, GoldenId], Link] = {}
    for link in scene.links:
        pair = _homes(link, home)
        if pair and not about.isdisjoint(pair) and pair[0] != pair[1]:
            known = strongest.get(pair)
            if known is None or _strongest_first(link) < _strongest_first(known):
                strongest[pair] = link
    apart = {_homes(said, home) for said in scene.verdicts if said.judgement is Judgement.NO_MATCH}
    return [
        between(pair, link, extent([*scene.members[pair[0]], *scene.members[pair[1]]]), thresholds)
        for pair, link in strongest.items()
        if pair not in apart
    ]


def _contradicted(scene: Scene, home: Mapping[RecordKey, GoldenId], about: Set[GoldenId]) -> list[Concern]:
    clearest: dict[tuple[GoldenId, ...], tuple[Verdict, MatchWeight]] = {}
    for said, weight in scene.told_again.items():
        homes = _homes(said, home)
        if homes and not about.isdisjoint(homes) and contradicts(said.judgement, weight):
            named = tuple(sorted(set(homes)))
            known = clearest.get(named)
            if known is None or (-abs(weight), said) < (-abs(known[1]), known[0]):
                clearest[named] = said, weight
    return [
        contradiction(named, said, weight, extent([key for each in named for key in scene.members[each]]))
        for named, (said, weight) in clearest.items()
    ]


def contradicts(judgement: Judgement, weight: MatchWeight) -> bool:
    """Say whether the evidence speaks strongly against what a person said."""
    return weight >= CONTRADICTION if judgement is Judgement.NO_MATCH else weight <= -CONTRADICTION


def weakest(members: Iterable[RecordKey], links: Iterable[Link], verdicts: Iterable[Verdict]) -> Link | None:
    """Return the weakest link of the strongest tree that holds these records together.

    People's word that two are the same person is stronger than any link; None where it is all that is needed, or where
    nothing holds them together.
    """
    home = {key: key for key in members}

    def of(key: RecordKey) -> RecordKey:
        while home[key] != key:
            home[key] = home[home[key]]
            key = home[key]
        return key

    for said in verdicts:
        if said.judgement is Judgement.MATCH and said.left in home and said.right in home:
            home[of(said.right)] = of(said.left)
    last = None
    for link in sorted((x for x in links if x.left in home and x.right in home), key=_strongest_first):
        if of(link.left) != of(link.right):
            home[of(link.right)] = of(link.left)
            last = link
    return last if len({of(key) for key in home}) == 1 else None


def between(
    pair: tuple[GoldenId, GoldenId], link: Link, concerned: Extent, thresholds: Thresholds
) -> Concern:
    """Return the concern that two profiles may be one, given the strongest link between them."""
    close = _weight(link) >= thresholds.match
    kind = ReviewKind.CLOSE_CALL if close else ReviewKind.POSSIBLE_MATCH
    return _concern(kind, pair, concerned, _weight(link), (link.left, link.right))


def bridge(golden_id: GoldenId, link: Link, concerned: Extent) -> Concern:
    """Return the concern that a profile is two, held together by this link."""
    return _concern(ReviewKind.WEAK_BRIDGE, (golden_id,), concerned, _weight(link), (link.left, link.right))


def crowd(golden_id: GoldenId, concerned: Extent) -> Concern:
    """Return the concern that a profile holds more records than one person has."""
    return _concern(ReviewKind.CROWDED, (golden_id,), concerned)


def contradiction(
    golden_ids: tuple[GoldenId, ...], said: Verdict, weight: MatchWeight, concerned: Extent
) -> Concern:
    """Return the concern that what a person said does not fit what the records tell now."""
    more = {"judgement": said.judgement.value, "operation_id": said.operation_id}
    pair = (said.left, said.right)
    return _concern(ReviewKind.CONTRADICTED, golden_ids, concerned, weight, pair, more)


def sampled(left: RecordKey, right: RecordKey, weight: MatchWeight, stratum: str) -> Concern:
    """Return the concern that somebody should say what they think of a pair that was drawn."""
    concerned = extent([left, right])
    details = {"left": str(left), "right": str(right), "stratum": stratum}
    return Concern(
        ReviewKind.SAMPLE, (), impact(concerned), _LEAST_UNCERTAIN, weight, details, f"{left}+{right}"
    )


def _concern(
    kind: ReviewKind,
    golden_ids: tuple[GoldenId, ...],
    concerned: Extent,
    weight: MatchWeight | None = None,
    pair: Pair | None = None,
    more: Mapping[str, object] | None = None,
) -> Concern:
    named = {"left": str(pair[0]), "right": str(pair[1])} if pair else {}
    details = {"records": concerned.records, "sources": concerned.sources, **named, **(more or {})}
    unsure = _UNWEIGHED[kind] if weight is None or kind in _UNWEIGHED else uncertainty(weight)
    return Concern(kind, golden_ids, impact(concerned), unsure, weight, details)


def uncertainty(weight: float) -> float:
    """Return how open a question is: 1 at even odds, towards .05 the clearer the evidence speaks."""
    # 1 − |2p − 1| = 2 · min(p, 1 − p), without the overflow of 2^w.
    return max(_LEAST_UNCERTAIN, 2 / (1 + 2 ** min(abs(weight), 1000.0)))


def impact(concerned: Extent) -> float:
    return math.log2(1 + concerned.records) * (1 + concerned.sources) / 2


def extent(keys: Collection[RecordKey]) -> Extent:
    return Extent(len(keys), len({key.source for key in keys}))


def _homes(pair: Link | Verdict, home: Mapping[RecordKey, GoldenId]) -> tuple[GoldenId, GoldenId] | None:
    left, right = home.get(pair.left), home.get(pair.right)
    if left is None or right is None:
        return None
    return (left, right) if left <= right else (right, left)


def _strongest_first(link: Link) -> tuple[float, RecordKey, RecordKey]:
    return -_weight(link), link.left, link.right


def _weight(link: Link) -> MatchWeight:
    return link.match_weight if link.match_weight is not None else MatchWeight(-math.inf)
