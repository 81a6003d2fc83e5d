"""A survivorship file is either understood whole or refused with a numbered error that says what to do."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from identity.model.errors import RulesError
from identity.model.record import CANONICAL_ATTRIBUTES
from identity.steps.survive import FOLDS, MEASURES
from matching_rules.survivorship import COMPARED_AS, CRITERIA, SHAPES, WELL_FORMED, load_survivorship_policy

SHIPPED = Path("matching_rules/customer.survivorship.yml")
FAULTS = sorted((Path(__file__).parent / "survivorship").glob("bad-*.yml"))


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_a_faulty_file_is_refused_with_its_number_its_name_and_a_remedy(path: Path) -> None:
    with pytest.raises(RulesError) as refused:
        load_survivorship_policy(path)
    assert refused.value.code == path.stem.split("-")[1]
    assert path.name in refused.value.message
    assert refused.value.remedy


def test_every_numbered_error_has_a_faulty_file() -> None:
    assert {path.stem.split("-")[1] for path in FAULTS} == {f"E12{digit}" for digit in range(8)}


@pytest.mark.parametrize(
    "trap", ["- " * 200_000 + "a", "[" * 1500, "a: &a [*a]"], ids=["deep", "open", "in itself"]
)
def test_traps_of_yaml_are_errors_like_any_other(tmp_path: Path, trap: str) -> None:
    (tmp_path / "trap.yml").write_text(trap)
    with pytest.raises(RulesError, match="E12"):
        load_survivorship_policy(tmp_path / "trap.yml")


def test_a_missing_file_is_refused() -> None:
    with pytest.raises(RulesError, match=r"nowhere\.yml") as refused:
        load_survivorship_policy(Path("nowhere.yml"))
    assert refused.value.code == "E120"


def test_an_error_names_the_key_and_what_is_allowed(tmp_path: Path) -> None:
    faulty = tmp_path / "mine.yml"
    faulty.write_text("default: {criteria: [vote]}\nrules: [{attributes: [email], criteria: [newest]}]\n")
    with pytest.raises(RulesError) as refused:
        load_survivorship_policy(faulty)
    assert str(refused.value) == (
        "E122: mine.yml: `rules[1].criteria` names the unknown criterion 'newest'. "
        "Use one of: trusted_source, most_recent, verified, most_complete, vote."
    )


def test_the_shipped_rules_cover_every_canonical_attribute() -> None:
    policy = load_survivorship_policy(SHIPPED)
    assert {name for unit in policy.attributes for name in unit.attributes} == set(CANONICAL_ATTRIBUTES)
    assert {unit.attribute: unit.mastered_by for unit in policy.attributes if unit.mastered_by} == {
        "tax_id": "erp",
        "loyalty_id": "loyalty",
    }


def test_an_attribute_has_to_be_declared_before_it_gets_a_rule(tmp_path: Path) -> None:
    rules = tmp_path / "mine.yml"
    rules.write_text(
        "default: {criteria: [vote]}\nrules: [{attributes: [shoe_size], criteria: [most_recent]}]\n"
    )
    assert load_survivorship_policy(rules, ["shoe_size"]).attributes[0].attribute == "shoe_size"
    with pytest.raises(RulesError, match="shoe_size"):
        load_survivorship_policy(rules)


def test_placeholders_are_read_as_they_are_written(tmp_path: Path) -> None:
    rules = tmp_path / "mine.yml"
    rules.write_text(
        "default: {criteria: [vote]}\nplaceholders: [null, 00000]\n"
        "rules: [{attributes: [birth_date], criteria: [vote], placeholders: [1900-01-01, <one letter>]}]\n"
    )
    [birth_date] = load_survivorship_policy(rules).attributes
    assert birth_date.placeholders == ("null", "00000", "1900-01-01")
    assert birth_date.placeholder_pattern == SHAPES["<one letter>"]


def test_the_loader_and_the_step_know_the_same_words() -> None:
    assert set(CRITERIA) == set(MEASURES) - {"real_value"}
    assert set(COMPARED_AS) == set(FOLDS)


@pytest.mark.parametrize("pattern", [*SHAPES.values(), *WELL_FORMED.values()])
def test_patterns_keep_to_what_both_regular_expression_engines_read(pattern: str) -> None:
    re.compile(pattern)
    assert not re.search(r"\(\?|\\[dwsb1-9]", pattern)


def test_trust_is_left_to_the_sources() -> None:
    policy = load_survivorship_policy(SHIPPED)
    assert policy.trust == {}
    assert replace(policy, trust={"erp": 90}).trust == {"erp": 90}
