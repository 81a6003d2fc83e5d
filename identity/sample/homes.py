"""Addresses: real cities with their postcode areas and dialling codes; streets recur within a postcode."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from identity.sample.columns import Column, Generator, Index, Mask, column, each, facts, hits, pick
from identity.sample.names import COUNTRIES
from identity.sample.rates import UNIT_IN_A_BUILDING

STREETS_PER_POSTCODE = 40
LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


@dataclass(frozen=True, slots=True)
class Homes:
    """One row per address. `place` is a row of the list of cities."""

    place: Index
    street_address: Column
    city: Column
    region: Column
    postcode: Column
    country: Index


@dataclass(frozen=True, slots=True)
class Places:
    country: Index
    city: Column
    region: Column
    inhabitants: Index
    postcode_areas: tuple[tuple[str, ...], ...]
    dialling_codes: tuple[tuple[str, ...], ...]


@cache
def places() -> Places:
    countries, cities, regions, areas, dials, inhabitants = zip(*facts("places.tsv"), strict=True)
    return Places(
        np.array([COUNTRIES.index(c) for c in countries]),
        column(cities),
        column(regions),
        np.array([int(n) for n in inhabitants]),
        tuple(tuple(a.split(",")) for a in areas),
        tuple(tuple(d.split(",")) for d in dials),
    )


def draw_homes(rng: Generator, country: Index) -> Homes:
    """One home per row of `country`, more of them where more people live."""
    place = _draw_places(rng, country)
    postcode, district = _postcodes(rng, place, country)
    street = _streets(rng, country, district)
    rented = hits(rng, len(country), UNIT_IN_A_BUILDING)
    number = _numbers(rng, country, rented)
    address = each(_WRITTEN.__getitem__, country)
    address = each(str.format, address, number, street)
    address = _in_buildings(rng, address, country, rented)
    known = places()
    return Homes(place, address, known.city[place], known.region[place], postcode, country)


_WRITTEN = ("{0} {1}", "{0} {1}", "{1} {0}")
"""House number and street, as each of COUNTRIES writes them."""


def _draw_places(rng: Generator, country: Index) -> Index:
    place = np.zeros(len(country), dtype=np.int64)
    for number in range(len(COUNTRIES)):
        rows = np.flatnonzero(country == number)
        there = np.where(places().country == number, places().inhabitants, 0)
        place[rows] = pick(rng, len(rows), there.tolist())
    return place


def _postcodes(rng: Generator, place: Index, country: Index) -> tuple[Column, Index]:
    """Postcodes, and a number for the neighbourhood that each stands for."""
    areas = places().postcode_areas
    nearby = np.minimum(2 + places().inhabitants[place] // 25, 95)
    area = [
        areas[p][r % len(areas[p])]
        for p, r in zip(place.tolist(), rng.integers(0, 60, len(place)), strict=True)
    ]
    local = (rng.random(len(place)) * nearby).astype(np.int64)
    tail = rng.integers(0, 12, len(place))
    codes = each(_postcode, column(area), local, tail, country)
    return codes, place * 4099 + local * 31 + np.where(country == COUNTRIES.index("GB"), tail, 0)


def _postcode(area: str, local: int, tail: int, country: int) -> str:
    if COUNTRIES[country] == "GB":
        sector = LETTERS[(local * 7 + tail) % 20] + LETTERS[(local * 3 + tail * 5) % 20]
        return f"{area}{1 + local % 19} {1 + local % 9}{sector}"
    return f"{area}{local:02d}"


def _streets(rng: Generator, country: Index, district: Index) -> Column:
    """A neighbourhood has a few dozen streets out of all those known, the common names more often."""
    names = [
        column(street for c, street in facts("streets.tsv") if c == country_name)
        for country_name in COUNTRIES
    ]
    sizes = np.array([len(some) for some in names])
    offset = district * 7919 + rng.integers(0, STREETS_PER_POSTCODE, len(country)) ** 2 * 13
    starts = np.cumsum(sizes) - sizes
    street: Column = np.concatenate(names)[starts[country] + offset % sizes[country]]
    return street


def _numbers(rng: Generator, country: Index, rented: Mask) -> Column:
    """House numbers; blocks of flats are few, so that strangers share one."""
    highest = np.array([9.2, 5.2, 4.8])[country]
    number = np.exp(rng.random(len(country)) * highest).astype(np.int64) + rng.integers(1, 30, len(country))
    number = np.where(rented, 10 + number % 8 * 10, number)
    letter = np.where(hits(rng, len(country), 0.06) & (country > 0), "a", "")
    return each("{}{}".format, number, letter)


_FLATS = (("{} Apt {}", "{}, Apt {}", "{} Unit {}", "{} #{}"), ("Flat {1}, {0}",), ("{}",))
"""A flat and its building, as each of COUNTRIES writes them; a German letter box bears a name."""


def _in_buildings(rng: Generator, address: Column, country: Index, rented: Mask) -> Column:
    """The flats among the addresses, with the number of the unit."""
    style, unit = rng.integers(0, 4, len(address)), rng.integers(1, 60, len(address))
    changed = address.copy()
    for number, flats in enumerate(_FLATS):
        rows = np.flatnonzero(rented & (country == number))
        changed[rows] = each(str.format, column(flats)[style[rows] % len(flats)], address[rows], unit[rows])
    return changed
