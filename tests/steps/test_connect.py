"""Components: the same from a few links as from a population's, and never larger than can be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.engines.pairs import ScoredPairs, pack, unpack_pairs
from identity.engines.partitioning import Decisions, within_components
from identity.model.match import MatchRules
from identity.steps.connect import Groups, connect

Link = tuple[int, int, float]
Pair = tuple[int, int]
RECORDS = 12
NOTHING = np.empty(0, np.int64)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Link], list[Pair]]:
    """Links of any weight, many of them equal, and what people said belongs together."""
    every = list(combinations(range(RECORDS), 2))
    linked = draw(st.lists(st.sampled_from(every), unique=True, max_size=40))
    weight = st.one_of(st.integers(-6, 12).map(lambda half: half / 2), st.floats(-3, 12, allow_nan=False))
    together = draw(st.lists(st.sampled_from(every), unique=True, max_size=3))
    return [(left, right, draw(weight)) for left, right in linked], together


def by_population(
    rules: MatchRules, links: Sequence[Link], together: Sequence[Pair], threshold: float, largest: int
) -> list[list[int]]:
    """The components as a population's are found; every pair inside each of them is weighed."""
    ordered = sorted(links)
    pairs = ScoredPairs(
        np.array([left for left, _, _ in ordered], np.int32),
        np.array([right for _, right, _ in ordered], np.int32),
        np.zeros(len(ordered), np.int64),
        np.array([weight for _, _, weight in ordered], np.float64),
    )
    packed = pack(
        np.array([left for left, _ in together], np.int32),
        np.array([right for _, right in together], np.int32),
    )

    def more(missing: np.ndarray[tuple[int], np.dtype[np.int64]]) -> ScoredPairs:
        return ScoredPairs(*unpack_pairs(missing), np.zeros(len(missing), np.int64), np.zeros(len(missing)))

    inside, labels = within_components(
        RECORDS,
        pairs,
        replace(rules.partition, largest_component=largest),
        threshold,
        more,
        Decisions(np.sort(packed), NOTHING),
    )
    members: dict[int, list[int]] = {}
    for place, label in enumerate(labels.tolist()):
        members.setdefault(label, []).append(place)
    components = sorted(members.values())
    looked_at = {pair for found in components if len(found) <= largest for pair in combinations(found, 2)}
    assert looked_at <= set(zip(inside.left.tolist(), inside.right.tolist(), strict=True))
    return components


@settings(max_examples=150, deadline=None)
@given(graph=graphs(), threshold=st.sampled_from([-1.0, 0.0, 0.5]), largest=st.integers(1, 8))
def test_a_few_links_connect_as_a_populations_do(
    rules: MatchRules, graph: tuple[list[Link], list[Pair]], threshold: float, largest: int
) -> None:
    links, together = graph
    found = connect(RECORDS, links, together, threshold=threshold, largest=largest)
    assert found == by_population(rules, links, together, threshold, largest)
    assert sorted(place for component in found for place in component) == list(range(RECORDS))
    home = {place: at for at, component in enumerate(found) for place in component}
    assert all(home[one] == home[other] for one, other in together), "people's word is never cut"
    said = connect(RECORDS, [], together, threshold=threshold, largest=largest)
    most = max([largest, *map(len, said)])
    assert all(len(component) <= most for component in found)


@settings(max_examples=50, deadline=None)
@given(graph=graphs(), data=st.data())
def test_the_order_of_links_does_not_matter(
    graph: tuple[list[Link], list[Pair]], data: st.DataObject
) -> None:
    links, together = graph
    shuffled = data.draw(st.permutations(links))
    turned = [(other, one) for one, other in together]
    expected = connect(RECORDS, links, together, threshold=0.0, largest=4)
    assert connect(RECORDS, shuffled, turned, threshold=0.0, largest=4) == expected


def test_only_links_above_the_threshold_connect() -> None:
    assert connect(3, [(0, 1, 0.0), (1, 2, 0.001)], [], threshold=0.0, largest=9) == [[0], [1, 2]]


def test_too_large_a_component_loses_its_weakest_links_until_it_comes_apart() -> None:
    chain = [(0, 1, 9.0), (1, 2, 1.5), (2, 3, 9.0), (4, 5, 0.5)]
    assert connect(6, chain, [], threshold=0.0, largest=4) == [[0, 1, 2, 3], [4, 5]]
    # The others, which are small enough, keep their weak ones.
    assert connect(6, chain, [], threshold=0.0, largest=3) == [[0, 1], [2, 3], [4, 5]]


def test_a_bit_of_weight_is_cut_at_a_time_from_its_upper_end_down() -> None:
    links = [(0, 1, 1.0), (1, 2, 1.001), (3, 4, 0.5)]
    assert connect(5, links, [], threshold=0.0, largest=2) == [[0], [1, 2], [3, 4]]
    assert connect(3, links[:2], [], threshold=0.5, largest=2) == [[0], [1], [2]]


def test_what_people_said_is_kept_however_large_it_gets() -> None:
    said = [(0, 1), (1, 2), (2, 3)]
    assert connect(5, [(3, 4, 2.0)], said, threshold=0.0, largest=2) == [[0, 1, 2, 3], [4]]


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_and_one_are_no_trouble(count: int) -> None:
    assert connect(count, [], [], threshold=0.0, largest=1) == [[0]] * count


def test_a_group_is_named_by_its_smallest_place() -> None:
    groups = Groups(5)
    for one, other in ((4, 3), (3, 1), (2, 2)):
        groups.join(one, other)
    assert [groups.of(place) for place in range(5)] == [0, 1, 2, 1, 1]
    assert groups.all() == [[0], [1, 3, 4], [2]]
