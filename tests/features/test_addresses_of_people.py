"""Street addresses, postcodes, cities, identifiers and categories in one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.features.codes import category, gender, identifier
from identity.features.digests import digest
from identity.features.places import city_name, post_code, street_address

ADDRESSES = {
    "123 Main Street Apt 4B": ("123", "main st", "4b"),
    "Apt 4B, 123 Main St": ("123", "main st", "4b"),
    "123 Main St #4": ("123", "main st", "4"),
    "Suite 500, 1 Market Place": ("1", "market pl", "500"),
    "Flat 3, 10 Downing Street": ("10", "downing st", "3"),
    "221B Baker Street": ("221b", "baker st", ""),
    "100 North 5th Street": ("100", "n 5th st", ""),
    "100 N. 5th St": ("100", "n 5th st", ""),
    "12a Rue de la Paix": ("12a", "rue de la paix", ""),
    "Hauptstraße 12": ("12", "hauptst", ""),
    "Hauptstr. 12": ("12", "hauptst", ""),
    "HAUPTSTRASSE 12": ("12", "hauptst", ""),
    "Am Markt 7": ("7", "am markt", ""),
    "Main Street": ("", "main st", ""),
    "123": ("", "123", ""),
    "": ("", "", ""),
}
POSTCODES = [
    ("02134-1234", "US", "02134"),
    ("021341234", "US", "02134"),
    ("2134", "US", "02134"),
    ("501", "US", "00501"),
    ("00000", "US", ""),
    ("sw1a 1aa", "GB", "SW1A1AA"),
    ("SW1A1AA", "GB", "SW1A1AA"),
    ("01067", "DE", "01067"),
    ("K1A 0B6", "CA", "K1A0B6"),
    ("unknown", "US", ""),
    ("", "US", ""),
]
CITIES = {
    "Saint Louis": "st louis",
    "St. Louis": "st louis",
    "München": "munchen",
    "Winston-Salem": "winston salem",
    "N/A": "",
    "unknown": "",
    "": "",
}
IDENTIFIERS = {
    "ABC-12 34": "abc1234",
    "４７１１": "4711",
    "000-00-0000": "",
    "111-11-1111": "",
    "123-45-6789": "",
    "N/A": "",
    "12": "",
    "": "",
}
GENDERS = {"M": "m", "Male": "m", "Männlich": "m", "weiblich": "f", " F ": "f", "divers": "", "U": "", "": ""}


@pytest.mark.parametrize("text", ADDRESSES)
def test_an_address_line_comes_apart_into_house_street_and_unit(text: str) -> None:
    assert street_address(text) == ADDRESSES[text]


@pytest.mark.parametrize("text", ["Hauptstr. 12 a", "Hauptstr. 12a", "Hauptstraße 12 A"])
def test_a_letter_behind_the_house_number_belongs_to_it(text: str) -> None:
    assert street_address(text) == ("12a", "hauptst", "")


@pytest.mark.parametrize(("text", "country", "code"), POSTCODES)
def test_a_postcode_is_what_its_country_sorts_by(text: str, country: str, code: str) -> None:
    assert post_code(text, country) == code


@pytest.mark.parametrize("text", CITIES)
def test_a_city_is_its_folded_words(text: str) -> None:
    assert city_name(text) == CITIES[text]


@pytest.mark.parametrize("text", IDENTIFIERS)
def test_an_identifier_is_its_letters_and_digits_and_a_placeholder_is_none(text: str) -> None:
    assert identifier(text) == IDENTIFIERS[text]


@pytest.mark.parametrize("text", GENDERS)
def test_a_gender_is_known_or_not(text: str) -> None:
    assert gender(text) == GENDERS[text]


def test_what_is_none_is_nothing() -> None:
    assert street_address(None) == ("", "", "")
    assert post_code(None) == city_name(None) == identifier(None) == gender(None) == category(None) == ""


_WORDS = st.lists(
    st.sampled_from(["12", "12a", "Main", "Street", "Saint", "North", "Straße", "Apt", "4b", "ü-x"])
).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(_WORDS | st.text(max_size=15))
def test_what_is_normalised_is_normalised_the_same_again(text: str) -> None:
    for normalise in (post_code, city_name, identifier, category):
        assert normalise(normalise(text)) == normalise(text)


def test_a_digest_is_the_same_everywhere_and_fits_64_bits() -> None:
    assert digest("smith") == digest("smith") != digest("smyth")
    assert 0 <= digest("müller") < 1 << 64
    assert digest("") == 0xE4A6A0577479B2B4
