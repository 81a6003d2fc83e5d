"""The path whose weakest link is strongest."""

from __future__ import annotations

from itertools import pairwise, permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from identity.model.record import RecordKey
from identity.steps.widest import widest

KEYS = [RecordKey("pos", name) for name in "abcdef"]
PAIRS = [(one, other) for at, one in enumerate(KEYS) for other in KEYS[at + 1 :]]
WEIGHTS = st.lists(st.sampled_from([None, -3.0, 1.0, 2.5, 7.0]), min_size=len(PAIRS), max_size=len(PAIRS))


def names(path: list[RecordKey]) -> str:
    return "".join(key.source_record_id for key in path)


def linked(**weights: float) -> list[tuple[RecordKey, RecordKey, float]]:
    """linked(ab=7) is a link of a and b."""
    return [(RecordKey("pos", name[0]), RecordKey("pos", name[1]), w) for name, w in weights.items()]


def test_a_detour_over_strong_links_is_wider_than_a_weak_link() -> None:
    assert names(widest(linked(ac=1, ab=9, bc=8), KEYS[0], KEYS[2])) == "abc"
    assert names(widest(linked(ac=8, ab=9, bc=8), KEYS[0], KEYS[2])) == "ac"


def test_without_a_path_there_is_none() -> None:
    assert widest(linked(ab=9, cd=9), KEYS[0], KEYS[3]) == []
    assert widest([], KEYS[0], KEYS[1]) == []


def test_ties_fall_to_the_smallest_records() -> None:
    either = linked(ac=5, cf=5, ab=5, bf=5, ad=5, df=5)
    assert {names(widest(order, KEYS[0], KEYS[5])) for order in permutations(either)} == {"abf"}


@settings(max_examples=200, deadline=None)
@given(weights=WEIGHTS, turned=st.randoms(use_true_random=False))
def test_no_other_path_has_a_stronger_weakest_link(weights: list[float | None], turned: object) -> None:
    links = [(*pair, weight) for pair, weight in zip(PAIRS, weights, strict=True) if weight is not None]
    known = {frozenset(link[:2]): link[2] for link in links}
    found = widest(links, KEYS[0], KEYS[5])
    paths = [[KEYS[0], *middle, KEYS[5]] for size in range(5) for middle in permutations(KEYS[1:5], size)]
    ways = [[frozenset(step) for step in pairwise(path)] for path in paths]
    worth = [
        (min(known[s] for s in way), path)
        for way, path in zip(ways, paths, strict=True)
        if set(way) <= known.keys()
    ]
    best = max((weakest for weakest, _ in worth), default=None)
    expected = min(((len(path), path) for weakest, path in worth if weakest == best), default=(0, []))[1]
    assert found == expected
    turned.shuffle(links)  # type: ignore[attr-defined]
    assert widest(links, KEYS[0], KEYS[5]) == found
