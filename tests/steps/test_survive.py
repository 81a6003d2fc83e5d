"""Which value of which record becomes the golden value, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.model.consent import RESTRICTIVENESS, most_restrictive
from identity.model.policy import AttributePolicy, SurvivorshipPolicy
from identity.model.record import RecordKey, SourceRecord
from identity.steps.survive import attributes_text, fingerprint, survive
from matching_rules.survivorship import WELL_FORMED, load_survivorship_policy

POLICY = replace(
    load_survivorship_policy(Path("matching_rules/customer.survivorship.yml")), trust={"erp": 90, "pos": 20}
)


def record(
    key: str, year: int | None = None, consents: Mapping[str, str] | None = None, **said: str
) -> SourceRecord:
    """A record named 'source:id', observed on the first of January of `year`."""
    source, source_record_id = key.split(":")
    observed_at = datetime(year, 1, 1, tzinfo=UTC) if year else None
    return SourceRecord(RecordKey(source, source_record_id), said, observed_at, consents or {})


def golden(
    attribute: str, *records: SourceRecord, policy: SurvivorshipPolicy = POLICY
) -> tuple[str, str, str]:
    """The golden value, the record it came from and the rule that decided."""
    chosen = survive("g1", records, policy).values[attribute]
    return chosen.value, str(chosen.record), chosen.rule


def by(attribute: str, *criteria: str) -> SurvivorshipPolicy:
    return SurvivorshipPolicy((AttributePolicy(attribute, criteria),), {"erp": 90, "pos": 20})


def test_a_value_nobody_contests_is_credited_to_the_smallest_record_key() -> None:
    ana = [record("pos:2", 2024, city="Austin"), record("ecom:1", 2020, city="Austin"), record("erp:9")]
    assert golden("city", *ana) == ("Austin", "ecom:1", "only_value")


def test_the_name_most_records_agree_on_wins_whatever_its_case_and_accents() -> None:
    names = ["Jon", "JOSE", "José"]
    people = [
        record("erp:1", given_name=names[0]),
        *(record(f"pos:{name}", given_name=name) for name in names[1:]),
    ]
    assert golden("given_name", *people) == ("José", "pos:José", "most_complete")
    assert golden("given_name", *people[:2], record("pos:2", given_name="JOSE")) == ("JOSE", "pos:2", "vote")


def test_the_better_spelling_wins_among_records_that_agree() -> None:
    policy = by("given_name", "vote", "most_complete")
    spellings = [
        record("pos:1", given_name="JOSE"),
        record("pos:2", given_name="Jose"),
        record("pos:3", given_name="José"),
    ]
    assert golden("given_name", *spellings, policy=policy) == ("José", "pos:3", "most_complete")


def test_the_trusted_source_breaks_an_even_vote() -> None:
    assert golden("given_name", record("pos:1", given_name="Anne"), record("erp:1", given_name="Anna")) == (
        "Anna",
        "erp:1",
        "trusted_source",
    )


def test_the_latest_email_wins_and_a_record_without_a_date_comes_last() -> None:
    mails = [record("erp:1", email="old@mail.com"), record("pos:1", 1999, email="new@mail.com")]
    assert golden("email", *mails) == ("new@mail.com", "pos:1", "most_recent")


def test_a_well_formed_email_beats_a_newer_broken_one() -> None:
    mails = [record("pos:1", 2020, email="ana@mail.com"), record("pos:2", 2024, email="ana@mail")]
    assert golden("email", *mails) == ("ana@mail.com", "pos:1", "verified")


def test_the_record_key_breaks_what_no_criterion_can() -> None:
    policy = by("given_name", "vote", "most_recent")
    assert golden(
        "given_name", record("pos:2", given_name="A"), record("pos:1", given_name="B"), policy=policy
    ) == (
        "B",
        "pos:1",
        "record_key",
    )


@pytest.mark.parametrize(
    ("attribute", "placeholder", "real"),
    [
        ("birth_date", "1900-01-01", "1985-05-02"),
        ("birth_date", "1970-01-01", "1985-05-02"),
        ("birth_date", "1985-01-01", "1985-05-02"),
        ("email", "TEST@test.com", "ana@mail.com"),
        ("email", "no-reply@shop.com", "ana@mail.com"),
        ("phone", "(000) 000-0000", "+1 415 555 0100"),
        ("phone", "n/a", "+1 415 555 0100"),
        ("given_name", "Unknown", "Ana"),
        ("given_name", "J.", "Jo"),
        ("family_name", "x", "Li"),
        ("family_name", "---", "Li"),
        ("shoe_size", "N/A", "41"),
    ],
)
def test_a_placeholder_never_wins_against_a_real_value(attribute: str, placeholder: str, real: str) -> None:
    crowd = [record(f"erp:{number}", 2024, None, **{attribute: placeholder}) for number in range(3)]
    assert golden(attribute, *crowd, record("pos:1", 1999, None, **{attribute: real})) == (
        real,
        "pos:1",
        "real_value",
    )


def test_a_placeholder_survives_where_nobody_knows_better() -> None:
    assert golden("given_name", record("pos:1", given_name="Unknown"))[0] == "Unknown"


def test_a_doubtful_value_beats_a_placeholder() -> None:
    dates = [record("erp:1", birth_date="1900-01-01"), record("pos:1", birth_date="1985-01-01")]
    assert golden("birth_date", *dates) == ("1985-01-01", "pos:1", "real_value")


def test_a_phone_counts_as_one_number_with_and_without_its_country_code() -> None:
    policy = SurvivorshipPolicy((AttributePolicy("phone", ("vote",), compared_as="phone"),))
    phones = ["+1 415 555 0199", "(415) 555-0100", "+14155550100"]
    said = [record(f"pos:{number}", phone=phone) for number, phone in enumerate(phones)]
    assert golden("phone", *said, policy=policy) == ("(415) 555-0100", "pos:1", "record_key")


def test_an_address_is_not_assembled_from_two_houses() -> None:
    old = record("erp:1", 2020, street_address="1 Main St", city="Austin", postcode="73301")
    new = record("pos:1", 2024, street_address="9 Elm St", city="Dallas", region="TX")
    profile = survive("g1", [old, new], POLICY)
    assert {name: value.value for name, value in profile.values.items()} == new.attributes
    assert {value.rule for value in profile.values.values()} == {"most_recent"}


def test_the_more_complete_address_beats_a_newer_one() -> None:
    full = record("pos:1", 2020, street_address="1 Main St", city="Austin", postcode="73301")
    bare = record("pos:2", 2024, city="Dallas", postcode="unknown")
    assert golden("city", full, bare) == ("Austin", "pos:1", "most_complete")


def test_a_placeholder_that_comes_along_with_its_address_is_left_blank() -> None:
    nearly = record("pos:1", street_address="unknown", city="Austin", region="TX", postcode="73301")
    street = record("pos:2", street_address="1 Main St")
    assert list(survive("g1", [nearly, street], POLICY).values) == ["city", "region", "postcode"]
    assert "street_address" in survive("g1", [nearly], POLICY).values


def test_only_the_master_speaks_once_it_knows_the_customer() -> None:
    shop, erp = record("ecom:1", 2024, tax_id="T2"), record("erp:1", 2020, tax_id="T1")
    assert golden("tax_id", shop, erp) == ("T1", "erp:1", "mastered_by:erp")
    assert golden("tax_id", shop) == ("T2", "ecom:1", "only_value")
    assert "tax_id" not in survive("g1", [shop, record("erp:1", 2020)], POLICY).values


def test_two_records_of_the_master_are_told_apart_by_the_criteria() -> None:
    erp = [
        record("erp:1", 2020, tax_id="T1"),
        record("erp:2", 2024, tax_id="T2"),
        record("pos:1", tax_id="T1"),
    ]
    assert golden("tax_id", *erp) == ("T2", "erp:2", "most_recent")


def test_a_custom_attribute_survives_by_the_default_criteria() -> None:
    assert golden("shoe_size", record("pos:1", 2024, shoe_size="42"), record("erp:1", shoe_size="41")) == (
        "41",
        "erp:1",
        "trusted_source",
    )


def test_the_most_restrictive_consent_survives_and_silence_is_no_answer() -> None:
    yes = record("pos:1", consents={"marketing.email": "granted", "marketing.sms": "granted"})
    no = record("pos:2", consents={"marketing.email": "withdrawn", "ads.web": "unknown"})
    assert survive("g1", [yes, no], POLICY).consents == {
        "ads.web": "unknown",
        "marketing.email": "withdrawn",
        "marketing.sms": "granted",
    }


@given(st.lists(st.sampled_from([*RESTRICTIVENESS, "perhaps"])))
def test_the_order_of_consents_does_not_matter_and_a_grant_needs_nothing_against_it(
    statuses: list[str],
) -> None:
    merged = most_restrictive(statuses)
    assert merged == most_restrictive(reversed(statuses)) == most_restrictive([*statuses, merged])
    assert (merged == "granted") == (
        "granted" in statuses and not {"denied", "withdrawn", "objected"} & set(statuses)
    )


def test_the_order_of_records_does_not_matter() -> None:
    people = [
        record("pos:1", 2020, given_name="José", email="a@mail.com", city="Austin"),
        record("erp:1", 2020, given_name="JOSE", email="b@mail.com", city="Dallas", region="TX"),
        record("ecom:1", 2020, given_name="Pepe", email="A@mail.com", street_address="1 Main St"),
    ]
    assert len({fingerprint(survive("g1", order, POLICY)) for order in permutations(people)}) == 1


def test_a_profile_without_any_value_is_still_a_profile() -> None:
    profile = survive("g1", [record("pos:1"), record("pos:2", email="")], POLICY)
    assert (attributes_text(profile), len(profile.records)) == ("{}", 2)


def test_values_come_in_the_usual_order_and_custom_ones_last() -> None:
    said = record("pos:1", zodiac="Leo", email="a@b.com", given_name="Ana", city="Austin", age="41")
    assert list(survive("g1", [said], POLICY).values) == ["given_name", "email", "city", "age", "zodiac"]


@given(st.integers(1, 9999), st.integers(0, 13), st.integers(0, 32))
def test_a_date_is_verified_exactly_when_it_is_in_the_calendar(year: int, month: int, day: int) -> None:
    text = f"{year:04}-{month:02}-{day:02}"
    try:
        date(year, month, day)
        real = True
    except ValueError:
        real = False
    assert (re.fullmatch(WELL_FORMED["date"], text) is not None) == real
