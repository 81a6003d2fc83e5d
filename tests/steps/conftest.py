"""A match model with the shipped comparisons and plain probabilities, and two ways to write a record."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from identity.comparators import Comparator, Nicknames, comparators
from identity.features.digests import digest
from identity.model.match import Comparison, Factor, FactorProbabilities, MatchModel, MatchRules
from identity.model.record import NormalisedRecord, RecordKey
from matching_rules.loader import rules_directory
from matching_rules.match_rules import load_match_rules, load_nickname_groups

Normalised = Callable[..., NormalisedRecord]


@pytest.fixture(scope="session")
def rules() -> MatchRules:
    return load_match_rules(rules_directory() / "customer.match.yml")


@pytest.fixture(scope="session")
def nicknames() -> Nicknames:
    return Nicknames.of(load_nickname_groups(rules_directory() / "reference" / "nicknames.txt"))


@pytest.fixture(scope="session")
def shipped(nicknames: Nicknames) -> dict[str, Comparator]:
    return comparators(nicknames)


@pytest.fixture(scope="session")
def model(rules: MatchRules) -> MatchModel:
    """Lopez is a common family name, everything else is rare."""
    return model_of(rules)


@pytest.fixture(scope="session")
def normalised() -> Normalised:
    """normalised("pos:1", given_name="ana") is a record of these features."""

    def make(key: str, **features: str) -> NormalisedRecord:
        source, _, record_id = key.partition(":")
        return NormalisedRecord(RecordKey(source, record_id), features)

    return make


def model_of(rules: MatchRules) -> MatchModel:
    groups: dict[str, list[Comparison]] = {}
    for comparison in rules.comparisons:
        groups.setdefault(comparison.joint or comparison.name, []).append(comparison)
    factors = tuple(
        Factor(name, tuple(found), tuple(len(one.m_prior) + 1 for one in found))
        for name, found in groups.items()
    )
    counted = [comparison.name for comparison in rules.comparisons if comparison.term_frequency]
    return MatchModel(
        version="m-by-hand",
        rules=rules,
        factors=factors,
        probabilities=tuple(map(_probabilities, factors)),
        prior_match=1e-4,
        prior_household=5e-5,
        exact_chance=dict.fromkeys(counted, 1e-3),
        frequencies={name: {digest("lopez"): 0.02} if name == "family_name" else {} for name in counted},
        rarest=dict.fromkeys(counted, 1e-5),
        records=10_000,
    )


def _probabilities(factor: Factor) -> FactorProbabilities:
    """Matches as the rules expect, strangers the other way round, households half and half."""
    expected = [[1.0, *(max(share, 0.01) for share in one.m_prior)] for one in factor.comparisons]
    turned = [[1.0, 0.002, *shares[2:][::-1], 0.9][: len(shares)] for shares in expected]
    match, random = _cells(expected), _cells(turned)
    household = tuple((m + u) / 2 for m, u in zip(match, random, strict=True))
    return FactorProbabilities(match, household, random)


def _cells(margins: list[list[float]]) -> tuple[float, ...]:
    cells = []
    for combination in product(*margins):
        cell = 1.0
        for chance in combination:
            cell *= chance
        cells.append(cell)
    return tuple(cells)
