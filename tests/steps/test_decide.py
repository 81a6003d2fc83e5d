"""What a machine may say about a pair of a given weight."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.model.evidence import MatchWeight
from identity.model.judgement import Judgement
from identity.model.match import Thresholds
from identity.steps.decide import decide

THRESHOLDS = Thresholds(MatchWeight(2.0), MatchWeight(-4.0))


@pytest.mark.parametrize(
    ("weight", "judgement"),
    [
        (math.inf, Judgement.MATCH),
        (2.0, Judgement.MATCH),
        (math.nextafter(2.0, -1), Judgement.POSSIBLE_MATCH),
        (-4.0, Judgement.POSSIBLE_MATCH),
        (math.nextafter(-4.0, -9), Judgement.NO_MATCH),
        (-math.inf, Judgement.NO_MATCH),
    ],
)
def test_a_threshold_belongs_to_the_side_above_it(weight: float, judgement: Judgement) -> None:
    assert decide(MatchWeight(weight), THRESHOLDS) is judgement


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_more_weight_is_never_judged_less(one: float, other: float) -> None:
    order = [Judgement.NO_MATCH, Judgement.POSSIBLE_MATCH, Judgement.MATCH]
    less, more = sorted((one, other))
    judged = [order.index(decide(MatchWeight(weight), THRESHOLDS)) for weight in (less, more)]
    assert judged == sorted(judged)
