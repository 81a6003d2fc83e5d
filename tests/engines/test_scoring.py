"""What a few pairs weigh in process is what the specification says of each, however many are asked about at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.bootstrap import STARTER, Service, Settings
from identity.engines.scoring import _FEW, ModelScorer
from identity.model.match import MatchModel
from identity.model.record import CANONICAL_ATTRIBUTES, NormalisedRecord, RecordKey, SourceRecord
from identity.steps.compare import compare
from identity.steps.normalise import normalise
from matching_rules.loader import rules_directory

SERVICE = Service(Settings())
MODEL = SERVICE.model_file(rules_directory() / STARTER)
SCORER = ModelScorer(MODEL, SERVICE.comparators)

# Values that lie near each other, at both sides of every comparator's edges, plain and with accents.
NEAR = {
    "given_name": ["maria", "mary", "marie", "mariah", "m", "n", "william", "bill", "billy", "josé", "jose", "lopez",
                   "martha", "marhta", "dwayne", "duane", "dixon", "dicksonx", "ø", "ana", "anna", "é"],
    "family_name": ["lopez", "lopes", "lópez", "garcia lopez", "garcia", "li", "lin", "smith", "smyth", "maria",
                    "jones", "johnson", "dixon", "dicksonx", "müller", "mueller", "o", "de la cruz", "cruz"],
    "birth_date": ["19850304", "19850403", "19850304?", "19850403?", "19850101", "19850102", "19840304", "19860304",
                   "58190304", "19850340", "20850304", "19720611", "00000304", "19851231"],
    "email": ["ml@gmail.com", "m1@gmail.com", "ml@yahoo.com", "ml@acme.example", "mlx@acme.example", "a@b@c", "m@",
              "ml@gmail.co", "mlopez@gmail.com", "ül@müller.example"],
    "phone": ["2125550142", "2125550124", "2125550143", "2125551143", "3015550199", "12345678"],
    "tax_id": ["abc123", "abc124", "abd124", "xyz789", "ábc123"],
    "loyalty_id": ["700001", "700002", "700011", "700112"],
    "address": ["12|main st", "|main st", "13|main st", "12|st main", "12|mian st", "12|maine st", "7|hauptst",
                "|hauptst", "7|häuptst", "12|mainst"],
    "postcode": ["02134", "02135", "02143", "0213", "10115", "SW1A1AA", "SW1A2AA"],
    "city": ["boston", "bostn", "bosten", "berlin", "bärlin", "st louis", "saint louis", "new york", "york"],
    "gender": ["f", "m"],
}  # fmt: skip

LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def edited(draw: st.DrawFn, values: list[str]) -> str:
    """A value, as it stands or with a letter more, less or another one."""
    value = draw(st.sampled_from(values))
    at = draw(st.integers(0, len(value)))
    letter = draw(st.sampled_from(["", "", "", "e", "é", "7", " "]))
    return value[:at] + letter + value[at + draw(st.integers(0, 1)) * bool(letter) :]


def dates(values: list[str]) -> st.SearchStrategy[str]:
    digits = st.text("0123456789", min_size=8, max_size=8)
    return st.one_of(st.sampled_from(values), digits, digits.map(lambda date: f"{date}?"))


FEATURES = st.fixed_dictionaries(
    {},
    optional={
        name: dates(values)
        if name == "birth_date"
        else edited(values).map(lambda value: value if "@" in value else f"{value}@x.example")
        if name == "email"
        else st.one_of(st.just(""), edited(values))
        for name, values in NEAR.items()
    },
)
TOLD = st.fixed_dictionaries(
    {},
    optional={
        name: st.one_of(LETTERS, st.sampled_from(NEAR.get(name, ["x"]))) for name in CANONICAL_ATTRIBUTES
    },
)


def records(told: Sequence[Mapping[str, str]]) -> list[NormalisedRecord]:
    """Records whose order by key is not the one they come in."""
    return [NormalisedRecord(RecordKey("pos", f"{at * 7 % 97:02}"), found) for at, found in enumerate(told)]


def assert_weighed_as_specified(
    found: list[NormalisedRecord], pairs: list[tuple[int, int]], model: MatchModel = MODEL
) -> None:
    scorer = SCORER if model is MODEL else ModelScorer(model, SERVICE.comparators)
    expected = [
        compare(found[one], found[other], model, SERVICE.comparators).match_weight for one, other in pairs
    ]
    singly = [weight for pair in pairs for weight in scorer.weigh(found, [pair])]
    turned = scorer.weigh(found, [(other, one) for one, other in pairs])
    # As often as it takes to be many, behind each other: the same pair has to weigh the same to the last bit.
    often = _FEW // max(len(pairs), 1) + 1
    together = scorer.weigh(found, pairs * often)
    assert singly == pytest.approx(expected, abs=1e-9)
    assert turned == singly
    assert together == singly * often


@settings(max_examples=80, deadline=None)
@given(st.lists(FEATURES, min_size=2, max_size=5))
def test_any_features_weigh_what_the_specification_says_one_by_one_and_many_at_once(
    told: list[dict[str, str]],
) -> None:
    found = records(told)
    assert_weighed_as_specified(found, list(combinations(range(len(found)), 2)))


@settings(max_examples=60, deadline=None)
@given(st.lists(TOLD, min_size=2, max_size=4))
def test_so_do_the_features_of_anything_that_can_be_told(told: list[dict[str, str]]) -> None:
    found = [normalise(SourceRecord(RecordKey("pos", str(9 - at)), record)) for at, record in enumerate(told)]
    assert_weighed_as_specified(found, list(combinations(range(len(found)), 2)))


@pytest.mark.parametrize("name", NEAR)
def test_every_two_near_values_of_a_comparison_weigh_what_the_specification_says(name: str) -> None:
    found = records([{name: value} for value in NEAR[name]] + [{}])
    assert_weighed_as_specified(found, list(combinations(range(len(found)), 2)))


def test_every_comparison_is_among_those_tried_here() -> None:
    assert {comparison.name for factor in MODEL.factors for comparison in factor.comparisons} <= NEAR.keys()


def test_names_the_wrong_way_round_are_seen_by_both() -> None:
    names = ["maria", "lopez", "lopes", "m", ""]
    told = [{"given_name": given, "family_name": family} for given, family in product(names, repeat=2)]
    found = records(told)
    pairs = list(combinations(range(len(found)), 2))
    assert_weighed_as_specified(found, pairs)
    straight = replace(MODEL, rules=replace(MODEL.rules, swaps=None))
    assert_weighed_as_specified(found, pairs, straight)
    assert SCORER.weigh(found, pairs) != ModelScorer(straight, SERVICE.comparators).weigh(found, pairs)


@pytest.mark.parametrize("count", [0, 1, _FEW - 1, _FEW, _FEW + 1, 500])
def test_any_number_of_pairs_is_answered_pair_by_pair_in_order(count: int) -> None:
    random = Random(count)
    told = [
        {name: random.choice(values) for name, values in NEAR.items() if random.random() < 0.7}
        for _ in range(40)
    ]
    found = records(told)
    pairs = [(one, other) for one, other in product(range(40), repeat=2) if one != other]
    chosen = random.sample(pairs, count)
    expected = [
        compare(found[one], found[other], MODEL, SERVICE.comparators).match_weight for one, other in chosen
    ]
    assert SCORER.weigh(found, chosen) == pytest.approx(expected, abs=1e-9)


def test_a_model_of_fewer_comparisons_weighs_by_those() -> None:
    kept = [at for at, factor in enumerate(MODEL.factors) if factor.name in ("email", "family_name")]
    less = replace(
        MODEL,
        factors=tuple(MODEL.factors[at] for at in kept),
        probabilities=tuple(MODEL.probabilities[at] for at in kept),
        frequencies={name: MODEL.frequencies[name] for name in ("email", "family_name")},
    )
    told = [{name: values[at] for name, values in NEAR.items()} for at in (0, 1)]
    assert_weighed_as_specified(records([*told, told[0]]), [(0, 1), (0, 2), (1, 2)], less)
