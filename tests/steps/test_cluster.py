"""Clusters from weights: people's decisions hold, limits hold, one weak bridge merges nobody."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.model.match import MatchRules, PartitionRules
from identity.steps.cluster import Weights, cluster, trace


@pytest.fixture(scope="session")
def partition(rules: MatchRules) -> PartitionRules:
    return replace(rules.partition, distinct_values={"tax_id": 2})


def random_weights(seed: int, size: int) -> Weights:
    """Weights below the clip and all different: no two merges are worth exactly the same."""
    upper = np.triu(np.random.default_rng(seed).uniform(-11, 11, (size, size)), 1)
    return upper + upper.T


def groups(clusters: list[list[int]]) -> set[frozenset[int]]:
    return {frozenset(members) for members in clusters}


def weights_of(size: int, otherwise: float, **pairs: float) -> Weights:
    """weights_of(3, -8, p01=9): records 0 and 1 are linked by 9, all other pairs by -8."""
    weights = np.full((size, size), otherwise)
    for name, weight in pairs.items():
        left, right = int(name[1]), int(name[2])
        weights[left, right] = weights[right, left] = weight
    return weights


SEEDS, SIZES = st.integers(0, 10_000), st.integers(1, 9)


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS, size=SIZES, threshold=st.sampled_from([0.0, 2.5, -3.0]))
def test_renaming_the_records_renames_the_clusters_and_nothing_else(
    seed: int, size: int, threshold: float, partition: PartitionRules
) -> None:
    weights = random_weights(seed, size)
    order = np.random.default_rng(seed + 1).permutation(size)
    straight = cluster(weights, partition, threshold)
    renamed = cluster(weights[np.ix_(order, order)], partition, threshold)
    assert groups(straight) == {frozenset(int(order[at]) for at in members) for members in renamed}


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, size=SIZES)
def test_every_record_is_in_one_cluster_and_clusters_come_in_order(
    seed: int, size: int, partition: PartitionRules
) -> None:
    found = cluster(random_weights(seed, size), partition)
    assert sorted(place for members in found for place in members) == list(range(size))
    assert all(members == sorted(members) for members in found)
    assert [members[0] for members in found] == sorted(members[0] for members in found)


_PAIRS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda pair: pair[0] != pair[1]), max_size=4
)


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS, together=_PAIRS, apart=_PAIRS)
def test_what_people_decided_holds_whatever_the_weights_say(
    seed: int, together: list[tuple[int, int]], apart: list[tuple[int, int]], partition: PartitionRules
) -> None:
    weights = random_weights(seed, 7)
    home = {place: place for place in range(7)}
    for left, right in together:
        home = {place: home[left] if at == home[right] else at for place, at in home.items()}
    apart = [pair for pair in apart if home[pair[0]] != home[pair[1]]]
    found = cluster(weights, partition, together=together, apart=apart)
    label = {place: at for at, members in enumerate(found) for place in members}
    assert all(label[left] == label[right] for left, right in together)
    assert all(label[left] != label[right] for left, right in apart)


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS, held=st.lists(st.sampled_from(["", "a", "b", "c", "d"]), min_size=7, max_size=7))
def test_no_cluster_holds_more_values_of_an_identifier_than_allowed(
    seed: int, held: list[str], partition: PartitionRules
) -> None:
    weights = np.abs(random_weights(seed, 7))
    found = cluster(weights, partition, identifiers={"tax_id": held, "no_limit": held})
    for members in found:
        assert len({held[place] for place in members} - {""}) <= 2


def test_identifiers_without_a_limit_bind_nobody(partition: PartitionRules) -> None:
    weights = weights_of(4, 9.0)
    assert cluster(weights, partition, identifiers={"phone": list("abcd")}) == [[0, 1, 2, 3]]
    assert len(cluster(weights, partition, identifiers={"tax_id": list("abcd")})) == 2


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, size=SIZES)
def test_when_every_pair_speaks_for_it_all_are_one(seed: int, size: int, partition: PartitionRules) -> None:
    assert cluster(np.abs(random_weights(seed, size)) + 0.01, partition) == [list(range(size))]


def test_when_no_pair_speaks_for_it_all_stay_alone(partition: PartitionRules) -> None:
    assert cluster(weights_of(4, 0.0), partition) == [[0], [1], [2], [3]]
    assert cluster(weights_of(1, 0.0), partition) == [[0]]


def test_a_weak_bridge_between_two_solid_groups_merges_nobody(partition: PartitionRules) -> None:
    bridged = weights_of(6, -8.0, p01=10, p02=10, p12=10, p34=10, p35=10, p45=10, p23=5)
    assert cluster(bridged, partition) == [[0, 1, 2], [3, 4, 5]]


def test_a_poor_record_joins_the_one_it_resembles(partition: PartitionRules) -> None:
    assert cluster(weights_of(3, -2.0, p01=10, p12=8), partition) == [[0, 1, 2]]


def test_pairs_never_compared_count_as_the_rules_say(partition: PartitionRules) -> None:
    unknown = weights_of(3, np.nan, p01=10, p12=10)
    assert cluster(unknown, partition) == [[0, 1, 2]]
    assert len(cluster(unknown, replace(partition, unscored=-12, best_share=0.0))) == 2


def test_ties_fall_to_the_smallest_records(partition: PartitionRules) -> None:
    either = weights_of(3, -12.0, p01=3, p12=3)
    assert cluster(either, partition, threshold=1.0) == [[0, 1], [2]]


def test_one_link_says_no_more_than_the_clip(partition: PartitionRules) -> None:
    loud = weights_of(3, -12.0, p01=10, p12=900)
    assert cluster(loud, partition, best_share=0.0) == cluster(
        np.clip(loud, -12, 12), partition, best_share=0.0
    )
    assert cluster(loud, partition, threshold=12.0) == [[0], [1], [2]]


@settings(max_examples=100, deadline=None)
@given(
    seed=SEEDS, together=_PAIRS, held=st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=7, max_size=7)
)
def test_a_trace_tells_the_merges_that_lead_to_the_clusters(
    seed: int, together: list[tuple[int, int]], held: list[str], partition: PartitionRules
) -> None:
    weights, identifiers = random_weights(seed, 7), {"tax_id": held}
    told = trace(weights, partition, together=together, identifiers=identifiers)
    clusters = cluster(weights, partition, together=together, identifiers=identifiers)
    assert [list(members) for members in told.clusters] == clusters
    formed = {frozenset([place]) for place in range(7)}
    for merge in told.merges:
        sides = frozenset(merge.between.one), frozenset(merge.between.other)
        assert merge.decided or merge.between.worth > 0
        formed = (formed - set(sides)) | {sides[0] | sides[1]}
    assert formed == groups(clusters)


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS, held=st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=7, max_size=7))
def test_between_two_clusters_stands_what_kept_them_apart(
    seed: int, held: list[str], partition: PartitionRules
) -> None:
    weights, identifiers = random_weights(seed, 7), {"tax_id": held}
    pairs = [(one, other) for one in range(7) for other in range(one)]
    told = trace(weights, partition, identifiers=identifiers, between=pairs)
    assert len(told.between) == len(told.clusters) * (len(told.clusters) - 1) // 2
    for between in told.between:
        cross = [weights[one, other] for one in between.one for other in between.other]
        assert between.best == pytest.approx(max(cross))
        assert between.mean == pytest.approx(np.mean(cross))
        assert between.worth <= 0 or between.limits == ("tax_id",)
