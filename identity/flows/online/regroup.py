"""regroup: the records that changed links reach → their clusters, from every pair inside their components.

The same as a whole population's (`engines/partitioning.py`), on the few components that are concerned.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from identity.flows.online.desk import Desk, claims_on_profiles
from identity.flows.online.relink import machine_link
from identity.model.cluster import GoldenId
from identity.model.judgement import Judgement, Verdict
from identity.model.record import NormalisedRecord, RecordKey
from identity.ports import OnlineWork, Scorer, StoredLink, StoredRecord, Surroundings
from identity.steps.cluster import Weights, cluster
from identity.steps.connect import connect

__all__ = [
    "Evidence",
    "Gathered",
    "Reached",
    "Regrouped",
    "evidence",
    "gather",
    "in_force",
    "reach",
    "regroup",
    "weigh",
]

Pair = tuple[RecordKey, RecordKey]


@dataclass(frozen=True, slots=True)
class Regrouped:
    """`clusters` of `records` (all concerned that are live), where they were before, and the machine's links that are
    to go and to come."""

    records: Mapping[RecordKey, StoredRecord]
    clusters: Sequence[Sequence[RecordKey]]
    previous: Mapping[RecordKey, GoldenId]
    members: Mapping[GoldenId, Collection[RecordKey]]
    dropped: Sequence[StoredLink]
    added: Sequence[StoredLink]
    links: Mapping[Pair, StoredLink]


@dataclass(slots=True)
class Reached:
    """Who is reached from some records, and what stands around them: links by pair, people's verdicts, golden ids and
    their members."""

    links: dict[Pair, StoredLink]
    verdicts: set[Verdict]
    previous: dict[RecordKey, GoldenId]
    members: dict[GoldenId, tuple[RecordKey, ...]]
    keys: set[RecordKey]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Records in key order, and by their places: components, machine's links with their weights, people's decisions."""

    records: Sequence[StoredRecord]
    components: Sequence[Sequence[int]]
    machine: Sequence[tuple[int, int, float]]
    decided: Mapping[Judgement, Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one component is partitioned by; see `steps/cluster.py`. Places are those in the component."""

    weights: Weights
    together: Sequence[tuple[int, int]]
    apart: Sequence[tuple[int, int]]
    identifiers: Mapping[str, Sequence[str]]


def regroup(
    work: OnlineWork,
    desk: Desk,
    scorer: Scorer,
    around: Collection[RecordKey],
    fresh: Sequence[StoredLink] | None = None,
) -> Regrouped:
    """Partition everybody whom the links of the records `around` reach.

    `fresh` are all their links now, in the place of those that are stored; None where the stored ones hold.
    """
    reached = _claimed(work, desk, frozenset(around), fresh or ())
    records = {key: found for key, found in work.stored(reached.keys).items() if found.live}
    links = in_force(reached, frozenset() if fresh is None else frozenset(around), fresh or ())
    order = sorted(records)
    clusters, inside = _partition(desk, scorer, [records[key] for key in order], links, reached.verdicts)
    company = {
        (link.link.left, link.link.right): link
        for link in inside
        if (link.link.left, link.link.right) not in links
    }
    wanted = links | company
    return Regrouped(
        records,
        [[order[place] for place in places] for places in clusters],
        reached.previous,
        reached.members,
        dropped=[link for pair, link in reached.links.items() if pair not in wanted],
        added=[link for pair, link in wanted.items() if reached.links.get(pair) != link],
        links=wanted,
    )


def _claimed(
    work: OnlineWork, desk: Desk, around: frozenset[RecordKey], fresh: Sequence[StoredLink]
) -> Reached:
    """Return everybody concerned, after claiming their profiles: who looks at one of them looks at all of them."""
    claimed: set[GoldenId] = set()
    while True:
        reached = reach(work, desk, around, fresh)
        new = reached.members.keys() - claimed
        if not new or not work.claim(claims_on_profiles(desk, new)):
            return reached
        claimed |= new


def reach(
    work: Surroundings, desk: Desk, around: Collection[RecordKey], fresh: Sequence[StoredLink] = ()
) -> Reached:
    """Return everybody whom links, people's word or a common profile connect to the records `around`."""
    reached = Reached({}, set(), {}, {}, set())
    frontier = set(around)
    for link in fresh:
        if _binds(link, desk):
            frontier |= {link.link.left, link.link.right}
    while frontier:
        reached.keys |= frontier
        beyond: set[RecordKey] = set()
        links, members, verdicts = work.around(frontier)
        for link in links:
            reached.links[link.link.left, link.link.right] = link
            if _binds(link, desk):
                beyond |= {link.link.left, link.link.right}
        for said in verdicts:
            reached.verdicts.add(said)
            if said.judgement is Judgement.MATCH:
                beyond |= {said.left, said.right}
        reached.members |= members
        reached.previous |= {key: golden_id for golden_id, keys in members.items() for key in keys}
        frontier = (beyond | reached.previous.keys()) - reached.keys
    return reached


def _binds(found: StoredLink, desk: Desk) -> bool:
    """Say whether a link puts both records into one component. Company alone does not: it is inside one anyway."""
    return found.blocked and (found.link.match_weight or 0.0) > desk.rules.thresholds.match


def in_force(
    reached: Reached, changed: frozenset[RecordKey] = frozenset(), fresh: Sequence[StoredLink] = ()
) -> dict[Pair, StoredLink]:
    """Return the links between shared blocks that hold now, the fresh ones instead of those of the changed records.
    What company adds is found anew."""
    kept = {pair: link for pair, link in reached.links.items() if link.blocked and not changed & set(pair)}
    return kept | {(link.link.left, link.link.right): link for link in fresh}


def _partition(
    desk: Desk,
    scorer: Scorer,
    records: Sequence[StoredRecord],
    links: Mapping[Pair, StoredLink],
    verdicts: Collection[Verdict],
) -> tuple[list[list[int]], list[StoredLink]]:
    """Return the clusters by places in `records`, and every link at or above review inside the components."""
    gathered = gather(desk, records, links, verdicts)
    weights = weigh(desk, scorer, gathered)
    clusters = []
    for component in gathered.components:
        clusters += _clusters(desk, component, gathered, weights)
    inside = [
        machine_link(desk, records[left].record.key, records[right].record.key, weight, blocked=False)
        for (left, right), weight in weights.items()
        if weight >= desk.rules.thresholds.review
    ]
    return sorted(clusters), inside


def gather(
    desk: Desk,
    records: Sequence[StoredRecord],
    links: Mapping[Pair, StoredLink],
    verdicts: Collection[Verdict],
    largest: int | None = None,
) -> Gathered:
    """Return the components of `records`, which are in key order; `largest` instead of what the rules say."""
    places = {stored.record.key: at for at, stored in enumerate(records)}
    said = [each for each in verdicts if each.left in places and each.right in places]
    decided = {
        judgement: [(places[each.left], places[each.right]) for each in said if each.judgement is judgement]
        for judgement in Judgement
    }
    machine = [
        (places[left], places[right], found.link.match_weight)
        for (left, right), found in links.items()
        if left in places and right in places and found.link.match_weight is not None
    ]
    components = connect(
        len(records),
        machine,
        decided[Judgement.MATCH],
        threshold=desk.rules.thresholds.match,
        largest=largest or desk.rules.partition.largest_component,
    )
    return Gathered(records, components, machine, decided)


def weigh(desk: Desk, scorer: Scorer, gathered: Gathered) -> dict[tuple[int, int], float]:
    """Return the weight of every pair inside each component: a weak link is judged by all the company it keeps."""
    weights = {(left, right): weight for left, right, weight in gathered.machine}
    pairs = [
        pair
        for component in gathered.components
        if len(component) <= desk.rules.partition.largest_component
        for pair in combinations(component, 2)
    ]
    missing = [pair for pair in pairs if pair not in weights]
    features = [NormalisedRecord(stored.record.key, stored.features) for stored in gathered.records]
    found = dict(zip(missing, scorer.weigh(features, missing), strict=True))
    return {pair: weights[pair] if pair in weights else found[pair] for pair in pairs}


def evidence(
    desk: Desk, component: Sequence[int], gathered: Gathered, weights: Mapping[tuple[int, int], float]
) -> Evidence:
    """Return what a component is partitioned by."""
    at = {place: number for number, place in enumerate(component)}
    matrix = np.full((len(component), len(component)), np.nan)
    for one, other in combinations(component, 2):
        if (one, other) in weights:
            matrix[at[one], at[other]] = matrix[at[other], at[one]] = weights[one, other]
    named = {
        judgement: [(at[left], at[right]) for left, right in pairs if left in at and right in at]
        for judgement, pairs in gathered.decided.items()
    }
    held = {
        kind: [gathered.records[place].features.get(kind, "") for place in component]
        for kind in desk.rules.partition.distinct_values
    }
    return Evidence(matrix, named[Judgement.MATCH], named[Judgement.NO_MATCH], held)


def _clusters(
    desk: Desk, component: Sequence[int], gathered: Gathered, weights: Mapping[tuple[int, int], float]
) -> list[list[int]]:
    if len(component) == 1 or _beyond_doubt(desk, component, gathered, weights):
        return [list(component)]
    given = evidence(desk, component, gathered, weights)
    found = cluster(
        given.weights,
        desk.rules.partition,
        desk.rules.thresholds.match,
        together=given.together,
        apart=given.apart,
        identifiers=given.identifiers,
    )
    return [[component[number] for number in numbers] for numbers in found]


def _beyond_doubt(
    desk: Desk, component: Sequence[int], gathered: Gathered, weights: Mapping[tuple[int, int], float]
) -> bool:
    """Say whether everybody matches everybody, and neither people's decisions nor limits have a say in it."""
    if any(not set(pair).isdisjoint(component) for pairs in gathered.decided.values() for pair in pairs):
        return False
    for kind, most in desk.rules.partition.distinct_values.items():
        if (
            len({value for place in component if (value := gathered.records[place].features.get(kind))})
            > most
        ):
            return False
    least = desk.rules.thresholds.match
    return all(weights.get(pair, least) > least for pair in combinations(component, 2))
