"""A record in its source's spelling becomes features; what says nothing is absent."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.model.record import CANONICAL_ATTRIBUTES, RecordKey, SourceRecord
from identity.model.vocabulary import FEATURES
from identity.steps.normalise import feature_makers, normalise

KEY = RecordKey("pos", "1")


def features(**attributes: str) -> dict[str, str]:
    return dict(normalise(SourceRecord(KEY, attributes)).features)


def test_a_whole_record_becomes_features_under_its_own_key() -> None:
    record = SourceRecord(
        KEY,
        {
            "given_name": "Dr. María José",
            "family_name": "O'Brien",
            "birth_date": "1985-03-04",
            "email": "M.J+x@googlemail.com",
            "phone": "(212) 555-0142",
            "street_address": "12 Main Street Apt 4",
            "city": "Saint Louis",
            "postcode": "63101-1234",
            "country": "US",
            "gender": "Female",
            "tax_id": "AB-12/34",
            "loyalty_id": "7000 1234",
        },
    )
    made = normalise(record)
    assert made.key == KEY
    assert made.features == {
        "given_name": "maria",
        "middle_name": "jose",
        "family_name": "obrien",
        "birth_date": "19850304",
        "email": "mj@gmail.com",
        "phone": "2125550142",
        "address": "12|main st",
        "street": "main st",
        "unit": "4",
        "city": "st louis",
        "postcode": "63101",
        "gender": "f",
        "tax_id": "ab1234",
        "loyalty_id": "70001234",
    }


def test_nothing_and_placeholders_are_absent() -> None:
    assert features() == {}
    assert (
        features(given_name="Unknown", phone="0000000000", email="test@test.com", city="N/A", tax_id="000")
        == {}
    )


def test_declared_custom_attributes_are_compared_as_categories() -> None:
    record = SourceRecord(KEY, {"tier": " Gold  Plus "})
    assert normalise(record, ("tier",)).features == {"tier": "gold plus"}
    assert normalise(record).features == {}


@pytest.mark.parametrize("country", ["US", "us", "USA", "United States", "", "  "])
def test_an_american_zip_is_five_digits_however_the_country_is_written(country: str) -> None:
    assert features(postcode="02134-1234", country=country)["postcode"] == "02134"


@pytest.mark.parametrize(
    ("country", "code"),
    [("Germany", "DE"), ("Austria", "AT"), ("United Kingdom", "GB"), ("DEU", "DE"), ("GBR", "GB")],
)
def test_a_country_written_out_is_not_taken_for_another(country: str, code: str) -> None:
    written = {"phone": "(0)20 7946 0958", "postcode": "1010"}
    assert features(country=country, **written) == features(country=code, **written)


def test_a_maker_promises_the_features_it_makes() -> None:
    makers = feature_makers(("tier",))
    assert {feature for maker in makers for feature in maker.features} == {*FEATURES, "tier"}
    assert all(len(maker.make((None,) * len(maker.attributes))) == len(maker.features) for maker in makers)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(CANONICAL_ATTRIBUTES), st.text(max_size=15)))
def test_no_text_in_any_attribute_is_an_error_and_no_feature_is_empty(attributes: dict[str, str]) -> None:
    made = features(**attributes)
    assert set(made) <= set(FEATURES)
    assert all(made.values())
