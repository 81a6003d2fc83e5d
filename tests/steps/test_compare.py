"""The match weight: what the formula says, told in steps that add up, the same from either side."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.comparators import Comparator
from identity.model.evidence import ScoredPair
from identity.model.match import Comparison, MatchModel
from identity.model.record import NormalisedRecord, RecordKey
from identity.steps.compare import compare, levels

Normalised = Callable[..., NormalisedRecord]
Comparators = dict[str, Comparator]

CHOICES = {
    "given_name": ["maria", "mary", "m", "william", "bill", "lopez"],
    "family_name": ["lopez", "lopes", "smith", "garcia lopez", "maria"],
    "birth_date": ["19850304", "19850403?", "19850101", "19720611"],
    "email": ["ml@gmail.com", "m1@gmail.com", "ml@acme.example"],
    "phone": ["2125550142", "2125550124", "3015550199"],
    "tax_id": ["abc123", "abc124"],
    "loyalty_id": ["700001", "700002"],
    "address": ["12|main st", "|main st", "7|hauptst"],
    "postcode": ["02134", "02135", "10115"],
    "city": ["boston", "bostn", "berlin"],
    "gender": ["f", "m"],
}
FEATURES = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in CHOICES.items()}
)


def readings(scored: ScoredPair) -> dict[str, str]:
    return {step.comparison: step.level for step in scored.contributions}


def bits(scored: ScoredPair) -> dict[str, float]:
    return {step.comparison: step.match_weight for step in scored.contributions}


def by_formula(
    left: NormalisedRecord, right: NormalisedRecord, model: MatchModel, shipped: Comparators
) -> float:
    """The match weight multiplied out, term by term, without a logarithm until the end."""
    reached = levels(left, right, model, shipped).levels
    match, household = model.prior_match, model.prior_household
    random = 1 - match - household
    for factor, table in zip(model.factors, model.probabilities, strict=True):
        cell, common, at_home = 0, 1.0, False
        for comparison, size in zip(factor.comparisons, factor.sizes, strict=True):
            level = 0 if reached[comparison.name] in comparison.neutral else reached[comparison.name]
            cell = cell * size + level
            if level == 1 and comparison.term_frequency and common == 1.0:
                common = commonness(comparison, left, right, model)
                at_home = comparison.of_person and comparison.alike_at_home == 0
        match *= table.match[cell]
        household *= table.household[cell] * (common if at_home else 1.0)
        random *= table.random[cell] * common
    return math.log2(match / (household + random))


def commonness(
    comparison: Comparison, left: NormalisedRecord, right: NormalisedRecord, model: MatchModel
) -> float:
    name = comparison.name
    shares = [
        0.02 if record.features[name] == "lopez" and name == "family_name" else 1e-5
        for record in (left, right)
    ]
    return math.sqrt(shares[0] * shares[1]) / model.exact_chance[name]


@settings(max_examples=150, deadline=None)
@given(ours=FEATURES, theirs=FEATURES)
def test_the_weight_is_what_the_formula_says_and_its_steps_add_up(
    ours: dict[str, str], theirs: dict[str, str], model: MatchModel, shipped: Comparators
) -> None:
    left = NormalisedRecord(RecordKey("erp", "1"), ours)
    right = NormalisedRecord(RecordKey("pos", "2"), theirs)
    scored = compare(left, right, model, shipped)
    assert scored.match_weight == pytest.approx(by_formula(left, right, model, shipped), abs=1e-9)
    assert sum(step.match_weight for step in scored.contributions) == pytest.approx(
        scored.match_weight, abs=1e-9
    )
    assert [step.comparison for step in scored.contributions] == [
        "prior",
        *(found.name for found in model.factors),
    ]
    assert compare(right, left, model, shipped) == scored


def test_a_pair_has_one_spelling(model: MatchModel, shipped: Comparators, normalised: Normalised) -> None:
    scored = compare(normalised("pos:2"), normalised("erp:1"), model, shipped)
    assert (str(scored.pair.left), str(scored.pair.right)) == ("erp:1", "pos:2")


def test_records_without_anything_in_common_weigh_the_prior(
    model: MatchModel, shipped: Comparators, normalised: Normalised
) -> None:
    scored = compare(normalised("a:1", phone="2125550142"), normalised("a:2", city="boston"), model, shipped)
    assert scored.match_weight == pytest.approx(math.log2(1e-4 / (1 - 1e-4)))
    assert all(step.match_weight == 0.0 for step in scored.contributions[1:])
    assert {step.level for step in scored.contributions[1:]} == {
        "missing",
        "address missing, postcode missing, city missing",
    }


@pytest.mark.parametrize(
    ("ours", "theirs", "given_level", "family_level"),
    [
        ({"given_name": "bill"}, {"given_name": "william"}, "nickname", "missing"),
        ({"given_name": "m"}, {"given_name": "maria"}, "initial", "missing"),
        (
            {"given_name": "maria", "family_name": "lopez"},
            {"given_name": "lopez", "family_name": "maria"},
            "swapped",
            "missing",
        ),
        (
            {"given_name": "maria", "family_name": "lopez"},
            {"given_name": "lopes", "family_name": "maria"},
            "swapped",
            "missing",
        ),
        ({"given_name": "lopez"}, {"given_name": "maria", "family_name": "lopez"}, "missing", "fair"),
        (
            {"given_name": "lopez", "family_name": "smith"},
            {"given_name": "maria", "family_name": "lopez"},
            "different",
            "different",
        ),
        (
            {"given_name": "maria", "family_name": "lopez"},
            {"given_name": "maria", "family_name": "lopez"},
            "exact",
            "exact",
        ),
    ],
)
def test_names_are_compared_straight_and_crossed(
    model: MatchModel,
    shipped: Comparators,
    normalised: Normalised,
    ours: dict[str, str],
    theirs: dict[str, str],
    given_level: str,
    family_level: str,
) -> None:
    for one, other in ((ours, theirs), (theirs, ours)):
        read = readings(compare(normalised("a:1", **one), normalised("a:2", **other), model, shipped))
        assert (read["given_name"], read["family_name"]) == (given_level, family_level)


def test_swapped_names_speak_for_a_match_and_different_ones_against(
    model: MatchModel, shipped: Comparators, normalised: Normalised
) -> None:
    record = normalised("a:1", given_name="maria", family_name="lopez")
    swapped = compare(record, normalised("a:2", given_name="lopez", family_name="maria"), model, shipped)
    other = compare(record, normalised("a:2", given_name="peter", family_name="smith"), model, shipped)
    assert swapped.match_weight > other.match_weight


def test_without_swaps_in_the_rules_no_names_are_crossed(
    model: MatchModel, shipped: Comparators, normalised: Normalised
) -> None:
    plain = replace(model, rules=replace(model.rules, swaps=None))
    left = normalised("a:1", given_name="maria", family_name="lopez")
    right = normalised("a:2", given_name="lopez", family_name="maria")
    assert readings(compare(left, right, plain, shipped))["given_name"] == "different"


def test_a_neutral_level_is_told_and_moves_nothing(
    model: MatchModel, shipped: Comparators, normalised: Normalised
) -> None:
    left, right = normalised("a:1", email="jdoe@gmail.com"), normalised("a:2", email="jdo@gmail.com")
    scored = compare(left, right, model, shipped)
    assert readings(scored)["email"] == "close_at_provider"
    assert bits(scored)["email"] == 0


def test_an_exact_level_that_is_neutral_moves_nothing_however_rare_the_value(
    model: MatchModel, shipped: Comparators, normalised: Normalised
) -> None:
    factors = tuple(
        replace(factor, comparisons=(replace(factor.comparisons[0], neutral=frozenset({1})),))
        if factor.name == "email"
        else factor
        for factor in model.factors
    )
    left, right = normalised("a:1", email="jdoe@acme.example"), normalised("a:2", email="jdoe@acme.example")
    assert bits(compare(left, right, replace(model, factors=factors), shipped))["email"] == 0


def test_a_rare_name_says_more_than_a_common_one(
    model: MatchModel, shipped: Comparators, normalised: Normalised
) -> None:
    def weight(name: str) -> float:
        left, right = normalised("a:1", family_name=name), normalised("a:2", family_name=name)
        return compare(left, right, model, shipped).match_weight

    assert weight("zywicka") > weight("lopez") + 5


def test_a_house_its_postcode_and_its_city_are_one_piece_of_evidence(
    model: MatchModel, shipped: Comparators, normalised: Normalised
) -> None:
    home = {"address": "12|main st", "postcode": "02134", "city": "boston"}
    scored = compare(normalised("a:1", **home), normalised("a:2", **home), model, shipped)
    assert readings(scored)["location"] == "address exact, postcode exact, city exact"
