"""Training: what households share by chance or by custom, and what the pairs inside clusters may teach."""

from __future__ import annotations

import numpy as np

from identity.model.match import Comparison, Factor
from identity.steps.train import Chances, PatternCounts, Prior, Trained, at_home, reestimate

BORN = Factor(
    "born", (Comparison("gender", "category", (0.9, 0.1), of_person=True, alike_at_home=0.03),), (3,)
)
M, U = np.array([1.0, 0.99, 0.01]), np.array([1.0, 0.001, 0.999])


def trained(household: float) -> Trained:
    """A model whose households are as likely as matches, times `household`."""
    prior = Prior(1e-4, household * 1e-4)
    return Trained(Chances((M,)), Chances((at_home(BORN, U, M),)), Chances((U,)), prior)


def inside(equal: float, different: float) -> PatternCounts:
    return PatternCounts((np.array([1, 2]),), np.array([equal, different]), 1e6)


def test_a_few_housemates_are_as_alike_as_one_person_and_the_others_by_chance() -> None:
    assert np.allclose(at_home(BORN, U, M), [1.0, 0.97 * 0.001 + 0.03 * 0.99, 0.97 * 0.999 + 0.03 * 0.01])


def test_no_comparison_rules_a_household_out() -> None:
    assert (at_home(BORN, np.array([1.0, 0.0, 1.0]), M) >= 0.03 * M).all()


def test_what_a_household_explains_does_not_teach_that_one_persons_birthdays_differ() -> None:
    """In a cluster of father and son: without households it would be a fifth of the pairs."""
    apart, alone = (
        float(reestimate(trained(share), inside(4000, 1000), (BORN,)).match.by_factor[0][2])
        for share in (1.0, 1e-9)
    )
    assert apart < 0.01
    assert alone > 0.19


def test_where_there_are_no_households_a_cluster_teaches_how_often_birthdays_are_wrong() -> None:
    learnt = reestimate(trained(1e-9), inside(900, 100), (BORN,))
    assert abs(learnt.match.by_factor[0][2] - 0.1) < 0.01
    assert learnt.prior.match == 1000 / 1e6
