"""A model as a file: the same after a round trip, without personal data, and refused when it is not whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from identity.features.digests import digest
from identity.model.errors import ModelError
from identity.model.match import Factor, FactorProbabilities, MatchModel
from matching_rules.loader import rules_directory
from matching_rules.match_rules import load_match_rules
from matching_rules.model_file import load_model, model_from_json, model_to_json, save_model

RULES = load_match_rules(rules_directory() / "customer.match.yml")
EMAIL = next(comparison for comparison in RULES.comparisons if comparison.name == "email")
MODEL = MatchModel(
    version="m1",
    rules=RULES,
    factors=(Factor("email", (EMAIL,), (6,)),),
    probabilities=(
        FactorProbabilities(
            (1.0, 0.7, 0.1, 1e-12, 1e-12, 0.2),
            (1.0, 0.1, 0.1, 0.1, 0.1, 0.6),
            (1.0, 1e-9, 0.1, 0.1, 0.1, 0.7),
        ),
    ),
    prior_match=1 / 3e7,
    prior_household=0.1 + 0.2,
    exact_chance={"email": 1e-9},
    frequencies={"email": {digest("anna@zywicka.example"): 2 / 3, 1: 0.1}},
    rarest={"email": 1e-6},
    records=1000,
)


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    content = orjson.loads(model_to_json(MODEL))
    change(content)
    return orjson.dumps(content)


def test_a_model_saved_and_read_again_is_the_same_to_the_last_bit(tmp_path: Path) -> None:
    save_model(MODEL, tmp_path / "model.json")
    found = load_model(tmp_path / "model.json", RULES)
    assert model_to_json(found) == model_to_json(MODEL)
    assert found.factors == MODEL.factors
    assert found.probabilities == MODEL.probabilities
    assert found.frequencies == MODEL.frequencies
    assert (found.prior_match, found.prior_household) == (MODEL.prior_match, MODEL.prior_household)
    assert [path.name for path in tmp_path.iterdir()] == ["model.json"]


def test_a_model_file_holds_no_personal_data() -> None:
    body = model_to_json(MODEL)
    assert b"anna" not in body
    assert f"{digest('anna@zywicka.example'):016x}".encode() in body


def test_a_model_of_another_format_is_refused_by_number() -> None:
    with pytest.raises(ModelError) as caught:
        model_from_json(changed(lambda content: content.update(format=99)), RULES)
    assert caught.value.code == "E606"


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", "null", '"model"', '{"format": 1}', '{"format": [1]}'])
def test_what_is_no_model_is_refused_by_number(body: str) -> None:
    with pytest.raises(ModelError) as caught:
        model_from_json(body, RULES)
    assert caught.value.code in ("E605", "E606")


DAMAGE: dict[str, Callable[[dict[str, Any]], object]] = {
    "no shares": lambda content: content.pop("shares"),
    "no priors": lambda content: content.pop("prior_match"),
    "a prior that is no number": lambda content: content.update(prior_match="much"),
    "an unknown comparator": lambda content: content["factors"][0]["comparisons"][0].update(
        comparator="town"
    ),
    "an unknown key": lambda content: content["factors"][0]["comparisons"][0].update(town=1),
    "a probability too few": lambda content: content["factors"][0]["match"].pop(),
    "a probability of nothing": lambda content: content["factors"][0].update(match=[1, 0, 0, 0, 0, 1]),
    "a prior of nothing": lambda content: content.update(prior_match=0),
    "priors beyond one": lambda content: content.update(prior_match=0.8, prior_household=0.3),
    "sizes that do not fit the levels": lambda content: content["factors"][0].update(sizes=[3]),
    "no frequencies of a counted comparison": lambda content: content.update(shares={}),
    "a digest that is none": lambda content: content["shares"]["email"]["values"].update(anna=0.5),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_model_is_refused_before_it_judges_anybody(damage: str) -> None:
    with pytest.raises(ModelError) as caught:
        model_from_json(changed(DAMAGE[damage]), RULES, named="old.json")
    assert caught.value.code == "E605"
    assert "old.json" in caught.value.message


def test_a_model_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.json", tmp_path):
        with pytest.raises(ModelError) as caught:
            load_model(path, RULES)
        assert caught.value.code == "E605"
        assert str(path) in caught.value.message
