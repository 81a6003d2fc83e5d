"""Loyalty rules: what ships is in order, and each fault has its number, its place and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from identity.model.errors import RulesError
from identity.model.loyalty import LoyaltyPolicy, TierPolicy
from matching_rules.loader import rules_directory
from matching_rules.loyalty_rules import load_loyalty_policy

GOOD = "program: rewards\ntiers: [basic, gold]\ntier_policy: recompute\n"
FAULTS = {
    "not yaml": (GOOD, "tiers: [\n", "E102", "customer.loyalty.yml"),
    "no keys": (GOOD, "- rewards\n", "E103", "the top"),
    "tiers of another kind": ("[basic, gold]", "{basic: 1}", "E103", "tiers"),
    "a key nobody knows": ("tier_policy", "tier_polecy", "E104", "tier_polecy"),
    "no programme": ("program: rewards\n", "", "E105", "program"),
    "no tiers": ("tiers: [basic, gold]\n", "", "E105", "tiers"),
    "a tier twice": ("[basic, gold]", "[basic, gold, basic]", "E107", "tiers"),
    "a key twice": (GOOD, GOOD + "program: club\n", "E107", "program"),
    "a tier policy nobody knows": ("recompute", "best", "E151", "tier_policy"),
    "a programme no address can hold": ("rewards", "our/rewards", "E152", "program"),
}


def load(folder: Path, text: str) -> LoyaltyPolicy:
    (folder / "customer.loyalty.yml").write_text(text, encoding="utf-8")
    return load_loyalty_policy(folder / "customer.loyalty.yml")


def test_the_shipped_rules_are_in_order() -> None:
    policy = load_loyalty_policy(rules_directory() / "customer.loyalty.yml")
    assert policy == LoyaltyPolicy("rewards", ("basic", "silver", "gold", "platinum"), TierPolicy.HIGHEST)


def test_rules_become_a_policy(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD) == LoyaltyPolicy("rewards", ("basic", "gold"), TierPolicy.RECOMPUTE)
    assert load(tmp_path, "program: a\ntiers: one\n") == LoyaltyPolicy("a", ("one",), TierPolicy.HIGHEST)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_its_number_and_its_place(tmp_path: Path, fault: str) -> None:
    before, after, code, place = FAULTS[fault]
    assert before in GOOD
    with pytest.raises(RulesError) as error:
        load(tmp_path, GOOD.replace(before, after))
    assert error.value.code == code
    assert place in error.value.message


def test_rules_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="E101"):
        load_loyalty_policy(tmp_path / "customer.loyalty.yml")
