"""How right the links are, from labels: the truth when all is known, and an honest interval before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import Generator

from identity.steps.estimate import Estimates, Stratum, allotted, estimate


@st.composite
def known(draw: st.DrawFn) -> list[Stratum]:
    """Strata with every pair labelled."""
    strata = []
    for at in range(draw(st.integers(1, 6))):
        pairs = draw(st.integers(0, 500))
        strata.append(Stratum(str(at), draw(st.booleans()), pairs, pairs, draw(st.integers(0, pairs))))
    return strata


def truth(strata: list[Stratum]) -> tuple[float | None, float | None]:
    found = sum(stratum.same for stratum in strata if stratum.together)
    merged = sum(stratum.pairs for stratum in strata if stratum.together)
    same = sum(stratum.same for stratum in strata)
    return (found / merged if merged else None), (found / same if same else None)


@given(known())
def test_when_every_pair_is_labelled_the_estimate_is_the_truth_and_the_interval_closes(
    strata: list[Stratum],
) -> None:
    told = estimate(strata)
    for found, true in zip((told.precision, told.recall), truth(strata), strict=True):
        if true is None:
            assert (found.value, found.lower, found.upper) == (None, 0.0, 1.0)
        else:
            assert found.value == pytest.approx(true)
            assert (found.lower, found.upper) == pytest.approx((true, true))


@given(known(), st.data())
def test_the_estimate_is_inside_its_interval_and_both_inside_nought_and_one(
    strata: list[Stratum], data: st.DataObject
) -> None:
    some = []
    for stratum in strata:
        labelled = data.draw(st.integers(0, stratum.pairs))
        same = data.draw(st.integers(0, labelled))
        some.append(Stratum(stratum.name, stratum.together, stratum.pairs, labelled, same))
    told = estimate(some)
    for found in (told.precision, told.recall):
        assert 0 <= found.lower <= (found.lower if found.value is None else found.value) <= found.upper <= 1
    assert estimate(some) == told


def test_without_labels_nothing_is_known() -> None:
    told = estimate([Stratum("weak", False, 100, 0, 0), Stratum("strong", True, 1000, 0, 0)])
    assert told.precision.value is None
    assert (told.precision.lower, told.precision.upper) == (0, 1)
    assert (told.recall.lower, told.recall.upper) == (0, 1)


def test_more_labels_narrow_the_interval() -> None:
    few, many = (estimate([Stratum("one", True, 10_000, n, n * 9 // 10)]) for n in (20, 400))
    assert many.precision.upper - many.precision.lower < (few.precision.upper - few.precision.lower) / 2


TRUTHS = {
    "as links are": [
        (True, 4000, 0.999),
        (True, 900, 0.97),
        (True, 300, 0.7),
        (False, 200, 0.35),
        (False, 900, 0.03),
    ],
    "all right": [(True, 500, 1.0), (True, 300, 1.0), (False, 400, 0.0)],
    "in the dark": [(True, 300, 0.5), (True, 50, 0.2), (False, 300, 0.5)],
    "small": [(True, 40, 0.9), (False, 15, 0.2)],
}


@pytest.mark.parametrize("name", list(TRUTHS))
@pytest.mark.parametrize("labels", [12, 40, 150])
def test_the_interval_holds_the_truth_at_least_93_times_in_100(name: str, labels: int) -> None:
    chance, tries = np.random.default_rng(7), 300
    people = [(together, _persons(chance, size, share)) for together, size, share in TRUTHS[name]]
    true = truth(
        [Stratum("", together, len(found), len(found), int(found.sum())) for together, found in people]
    )
    held = np.zeros(2)
    for _ in range(tries):
        told = _labelled(chance, people, labels)
        for at, found in enumerate((told.precision, told.recall)):
            held[at] += found.lower - 1e-12 <= (true[at] or 0.0) <= found.upper + 1e-12
    assert (held / tries >= 0.93).all(), held / tries


def _persons(chance: Generator, size: int, share: float) -> np.ndarray:
    return chance.permutation(np.arange(size) < round(size * share))


def _labelled(chance: Generator, people: list[tuple[bool, np.ndarray]], labels: int) -> Estimates:
    shares = allotted([len(found) for _, found in people], labels)
    return estimate(
        [
            Stratum("", together, len(found), n, int(chance.choice(found, n, replace=False).sum()))
            for (together, found), n in zip(people, shares, strict=True)
        ]
    )


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(0, 300))
def test_draws_are_shared_out_evenly_as_far_as_there_are_pairs(sizes: list[int], wanted: int) -> None:
    drawn = allotted(sizes, wanted)
    assert sum(drawn) == min(wanted, sum(sizes))
    assert all(0 <= n <= size for n, size in zip(drawn, sizes, strict=True))
    unfinished = [n for n, size in zip(drawn, sizes, strict=True) if n < size]
    assert not unfinished or max(drawn) <= max(*unfinished, min(unfinished) + 1)
