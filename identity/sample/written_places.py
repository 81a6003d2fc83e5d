"""Addresses as the systems hold them."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from identity.sample.columns import (
    Column,
    Generator,
    Index,
    amend,
    column,
    hits,
    per_source,
)
from identity.sample.entries import Entries
from identity.sample.homes import Homes
from identity.sample.names import COUNTRIES
from identity.sample.people import NEVER, People
from identity.sample.rates import (
    CITY_TYPO,
    COUNTRY_IN_WORDS,
    OLD_ADDRESS_KEPT,
    POSTCODE_RUN_TOGETHER,
    POSTCODE_TYPO,
    STREET_ABBREVIATED,
    STREET_TYPO,
)
from identity.sample.spelling import mistype_digits
from identity.sample.written_names import in_hand, slips

SHORT: Final = {
    "Street": ("St", "St.", "Str"),
    "Avenue": ("Ave", "Ave.", "Av"),
    "Road": ("Rd", "Rd."),
    "Drive": ("Dr", "Dr."),
    "Lane": ("Ln", "Ln."),
    "Court": ("Ct", "Crt"),
    "Boulevard": ("Blvd", "Blvd."),
    "Close": ("Cl",),
    "Gardens": ("Gdns",),
    "Apt": ("#", "Apartment", "Apt."),
    "North": ("N", "N."),
    "South": ("S",),
    "East": ("E",),
    "West": ("W",),
    "straße": ("str.", "str", "strasse"),
    "Straße": ("Str.", "Str", "Strasse"),
}
IN_WORDS: Final = {
    "US": ("USA", "United States", "U.S.A."),
    "GB": ("UK", "United Kingdom"),
    "DE": ("Deutschland", "Germany", "D"),
}


@dataclass(frozen=True, slots=True)
class WrittenPlaces:
    street_address: Column
    city: Column
    region: Column
    postcode: Column
    country: Column


def write_places(rng: Generator, people: People, homes: Homes, entries: Entries) -> WrittenPlaces:
    home = _home_then(rng, people, entries)
    rows, source = len(home), entries.source
    shortened = hits(rng, rows, per_source(STREET_ABBREVIATED, source))
    street = amend(homes.street_address[home], shortened, shorten, rng.integers(0, 1000, rows))
    street = in_hand(slips(rng, street, per_source(STREET_TYPO, source)), entries)
    city = in_hand(slips(rng, homes.city[home], per_source(CITY_TYPO, source)), entries)
    region = amend(homes.region[home], entries.upper, str.upper)
    postcode = _postcodes(rng, homes, home, entries)
    return WrittenPlaces(street, city, region, postcode, _countries(rng, entries))


def _home_then(rng: Generator, people: People, entries: Entries) -> Index:
    """The home when the system learnt it; some never hear of a move."""
    former, moved = people.former_home[entries.person], people.moved_on[entries.person]
    before = (entries.observed < moved) | hits(rng, len(former), OLD_ADDRESS_KEPT)
    return np.where((former != NEVER) & before, former, people.home[entries.person])


_WHOLE_WORDS: Final = "|".join(word for word in SHORT if "ß" not in word)
_SHORTENED: Final = re.compile(rf"\b(?:{_WHOLE_WORDS})\b|[sS]traße")


def shorten(street: str, choice: int) -> str:
    """The last long word of the street in one of its short forms."""
    found = list(_SHORTENED.finditer(street))
    if not found:
        return street
    last = found[-1] if choice % 4 or len(found) == 1 else found[-2]
    forms = SHORT[last[0]]
    return street[: last.start()] + forms[choice % len(forms)] + street[last.end() :]


def _postcodes(rng: Generator, homes: Homes, home: Index, entries: Entries) -> Column:
    rows = len(home)
    mistyped = hits(rng, rows, per_source(POSTCODE_TYPO, entries.source))
    together = hits(rng, rows, POSTCODE_RUN_TOGETHER) & (entries.country == COUNTRIES.index("GB"))
    chance = rng.random(rows), rng.random(rows), rng.integers(0, 1000, rows)
    codes = amend(homes.postcode[home], mistyped, mistype_digits, *chance)
    return amend(codes, together, lambda code: code.replace(" ", "").lower())


def _countries(rng: Generator, entries: Entries) -> Column:
    rows = len(entries.person)
    in_words = hits(rng, rows, per_source(COUNTRY_IN_WORDS, entries.source))
    codes = column(COUNTRIES)[entries.country]
    return amend(codes, in_words, _in_words, rng.integers(0, 6, rows))


def _in_words(code: str, choice: int) -> str:
    return IN_WORDS[code][choice % len(IN_WORDS[code])]
