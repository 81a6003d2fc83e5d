"""ERP rules: what ships is in order, and each fault has its number, its place and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from identity.model.erp import ErpPolicy, PartyMerge
from identity.model.errors import RulesError
from matching_rules.erp_rules import load_erp_policy
from matching_rules.loader import rules_directory

GOOD = "source: erp\nreference: golden\nattributes: [email, phone]\nparty_merge: allowed\nrequests_per_second: 2.5\n"
FAULTS = {
    "not yaml": (GOOD, "attributes: [\n", "E102", "customer.erp.yml"),
    "no keys": (GOOD, "- erp\n", "E103", "the top"),
    "attributes of another kind": ("[email, phone]", "{email: 1}", "E103", "attributes"),
    "a key nobody knows": ("party_merge", "party_merch", "E104", "party_merch"),
    "an attribute twice": ("[email, phone]", "[email, email]", "E107", "attributes"),
    "a pace that is none": ("2.5", "0", "E136", "requests_per_second"),
    "an attribute nobody may write": ("[email, phone]", "[tax_id]", "E153", "attributes"),
    "a reference with a wildcard": ("golden", '"gold%"', "E154", "reference"),
    "a merge nobody knows": ("allowed", "sometimes", "E155", "party_merge"),
    "a source of no name": ("source: erp", 'source: "e r p"', "E156", "source"),
}


def load(folder: Path, text: str) -> ErpPolicy:
    (folder / "customer.erp.yml").write_text(text, encoding="utf-8")
    return load_erp_policy(folder / "customer.erp.yml")


def test_the_shipped_rules_approve_no_name_and_no_merge() -> None:
    policy = load_erp_policy(rules_directory() / "customer.erp.yml")
    assert policy == ErpPolicy("erp", "golden", ("email", "phone"), PartyMerge.NEVER, 10.0)


def test_rules_become_a_policy(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD) == ErpPolicy("erp", "golden", ("email", "phone"), PartyMerge.ALLOWED, 2.5)
    assert load(tmp_path, "source: sap\n") == ErpPolicy("sap")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_its_number_and_its_place(tmp_path: Path, fault: str) -> None:
    before, after, code, place = FAULTS[fault]
    assert before in GOOD
    with pytest.raises(RulesError) as error:
        load(tmp_path, GOOD.replace(before, after))
    assert error.value.code == code
    assert place in error.value.message
