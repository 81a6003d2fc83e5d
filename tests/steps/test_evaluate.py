"""Accuracy, against counting every pair by hand."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.steps.evaluate import evaluate


def harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12))
def test_accuracy_is_what_counting_every_pair_says(labels: list[tuple[int, int]]) -> None:
    found = evaluate(*(np.array(side, np.int64) for side in zip(*labels, strict=True)))
    pairs = list(combinations(labels, 2))
    together = sum(one[0] == other[0] for one, other in pairs)
    true = sum(one[1] == other[1] for one, other in pairs)
    right = sum(one == other for one, other in pairs)
    assert (found.found_pairs, found.true_pairs) == (together, true)
    assert found.precision == pytest.approx(right / together if together else 1.0)
    assert found.recall == pytest.approx(right / true if true else 1.0)
    assert found.f1 == pytest.approx(harmonic(found.precision, found.recall))
    shares = [
        (
            sum(other == one for other in labels) / sum(other[0] == one[0] for other in labels),
            sum(other == one for other in labels) / sum(other[1] == one[1] for other in labels),
        )
        for one in labels
    ]
    assert found.b_cubed_precision == pytest.approx(sum(share[0] for share in shares) / len(labels))
    assert found.b_cubed_recall == pytest.approx(sum(share[1] for share in shares) / len(labels))
    assert found.b_cubed_f1 == pytest.approx(harmonic(found.b_cubed_precision, found.b_cubed_recall))
    assert found.largest_cluster == max(sum(other[0] == one[0] for other in labels) for one in labels)
    assert found.largest_person == max(sum(other[1] == one[1] for other in labels) for one in labels)


def test_a_perfect_answer_is_one_whatever_its_labels_are_called() -> None:
    found = evaluate(np.array([7, 7, 3, 0]), np.array([1, 1, 2, 4]))
    assert (found.precision, found.recall, found.f1, found.b_cubed_f1) == (1, 1, 1, 1)
