"""customer.consent.yml: what is shipped can be read, and every mistake in it has its number."""

from __future__ import annotations

from pathlib import Path

import pytest

from identity.model.errors import RulesError
from matching_rules.consent_rules import load_consent_policy

SHIPPED = Path("matching_rules/customer.consent.yml")
GOOD = """
controller: A shop
clock_skew: 5
purposes: [marketing, service]
channels: {email: email, web: account}
default: eu
jurisdictions:
  eu: {countries: [DE, FR], regime: opt_in, purposes: {service: none}}
  us: {countries: [US], regime: opt_out}
  us_west: {countries: [US], regions: [CA], regime: opt_in, lasts: {implied_consent: 730}}
signals:
  gpc: {status: objected, consents: [marketing.web]}
"""


def test_the_shipped_file_knows_the_laws_it_names() -> None:
    policy = load_consent_policy(SHIPPED)
    assert policy.default == "eu"
    assert {"eu", "uk", "us", "us_opt_out", "ca", "br"} == policy.jurisdictions.keys()
    assert policy.regime("eu", "marketing") == policy.regime("br", "marketing") == "opt_in"
    assert policy.regime("us", "marketing") == "opt_out"
    assert policy.regime("eu", "service") == "none"
    assert policy.jurisdictions["ca"].lasts == {"implied_consent": 730}
    assert policy.signals["gpc"].consents == ("sale.any", "targeted_advertising.any")


@pytest.mark.parametrize(
    ("country", "region", "law"),
    [
        ("US", "CA", "us_opt_out"),
        ("us", "NY", "us"),
        ("NO", "", "eu"),
        ("", "", "eu"),
        ("JP", "", "eu"),
        ("GB", "CA", "uk"),
    ],
)
def test_the_law_is_the_narrowest_that_names_the_place(country: str, region: str, law: str) -> None:
    assert load_consent_policy(SHIPPED).jurisdiction_of(country, region) == law


@pytest.mark.parametrize(
    ("told", "instead", "code"),
    [
        ("purposes: [marketing, service]", "purposes: []", "E105"),
        ("purposes: [marketing, service]", "purposes: [Marketing]", "E146"),
        ("purposes: [marketing, service]", "purposes: [marketing, marketing, service]", "E107"),
        ("email: email", "email: pigeon", "E147"),
        ("{email: email, web: account}", "{e-mail: email, web: account}", "E146"),
        ("default: eu", "default: moon", "E147"),
        ("regime: opt_out", "regime: perhaps", "E147"),
        ("service: none", "magic: none", "E147"),
        ("implied_consent: 730", "whim: 730", "E147"),
        ("implied_consent: 730", "implied_consent: 0", "E136"),
        ("countries: [DE, FR]", "countries: [Germany]", "E146"),
        ("regions: [CA]", "regions: [California]", "E146"),
        ("countries: [DE, FR]", "countries: [DE, US]", "E148"),
        ("marketing.web", "marketing.pigeon", "E147"),
        ("status: objected", "status: perhaps", "E147"),
        ("clock_skew: 5", "clock_skew: soon", "E103"),
        ("clock_skew: 5", "clock_skew: -1", "E136"),
        ("controller: A shop", "owner: A shop", "E104"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_number(tmp_path: Path, told: str, instead: str, code: str) -> None:
    assert told in GOOD
    file = tmp_path / "customer.consent.yml"
    file.write_text(GOOD, encoding="utf-8")
    load_consent_policy(file)
    file.write_text(GOOD.replace(told, instead), encoding="utf-8")
    with pytest.raises(RulesError, match=code):
        load_consent_policy(file)
