"""Telephone numbers, and the many ways in which people write one.

A number is kept as `code rest`: the national number without trunk zero, a blank behind the dialling code.
"""

from typing import Final

import numpy as np

from identity.sample.columns import Column, Generator, Index, blank, column, each, pick
from identity.sample.homes import places
from identity.sample.names import COUNTRIES

GERMAN_MOBILE: Final = (151, 152, 157, 159, 160, 162, 163, *range(170, 180))

STYLES: Final = {
    "US": {
        "({a}) {b}-{c}": (0.30, 0.05, 0.25, 0.15),
        "{a}-{b}-{c}": (0.25, 0.08, 0.22, 0.35),
        "{a}{b}{c}": (0.28, 0.10, 0.25, 0.15),
        "{a}.{b}.{c}": (0.05, 0.02, 0.05, 0.10),
        "{a} {b} {c}": (0.05, 0.02, 0.05, 0.05),
        "+1{a}{b}{c}": (0.02, 0.70, 0.12, 0.08),
        "1-{a}-{b}-{c}": (0.03, 0.02, 0.03, 0.07),
        "+1 ({a}) {b}-{c}": (0.02, 0.01, 0.03, 0.05),
    },
    "GB": {
        "0{a}{b}{c}": (0.40, 0.12, 0.40, 0.20),
        "0{a} {b}{c}": (0.40, 0.08, 0.28, 0.40),
        "0{a} {b} {c}": (0.10, 0.03, 0.10, 0.15),
        "+44{a}{b}{c}": (0.02, 0.70, 0.12, 0.05),
        "+44 {a} {b}{c}": (0.03, 0.05, 0.05, 0.10),
        "+44 (0){a} {b}{c}": (0.03, 0.01, 0.03, 0.08),
        "0044{a}{b}{c}": (0.02, 0.01, 0.02, 0.02),
    },
    "DE": {
        "0{a}{b}{c}": (0.30, 0.12, 0.35, 0.10),
        "0{a} {b}{c}": (0.22, 0.05, 0.20, 0.20),
        "0{a}/{b}{c}": (0.25, 0.03, 0.10, 0.35),
        "0{a}-{b}{c}": (0.08, 0.02, 0.08, 0.10),
        "+49{a}{b}{c}": (0.03, 0.70, 0.15, 0.05),
        "+49 {a} {b}{c}": (0.05, 0.05, 0.08, 0.10),
        "+49 (0) {a} {b}{c}": (0.03, 0.01, 0.02, 0.08),
        "0049{a}{b}{c}": (0.04, 0.02, 0.02, 0.02),
    },
}
"""Country → way of writing → how common it is in each source."""


def draw_mobiles(rng: Generator, place: Index, country: Index) -> Column:
    """An American mobile bears the area code of its place, a European one a code of its own."""
    choice, rest = rng.integers(0, 10_000, len(place)), rng.integers(0, 10_000_000, len(place))
    return each(_mobile, place, country, choice, rest)


def draw_landlines(rng: Generator, place: Index, country: Index) -> Column:
    choice, rest = rng.integers(0, 10_000, len(place)), rng.integers(0, 10_000_000, len(place))
    return each(_landline, place, country, choice, rest)


def _mobile(place: int, country: int, choice: int, rest: int) -> str:
    if COUNTRIES[country] == "US":
        return _landline(place, country, choice, rest)
    if COUNTRIES[country] == "GB":
        return f"7{400 + choice % 599} {rest % 1_000_000:06d}"
    return f"{GERMAN_MOBILE[choice % len(GERMAN_MOBILE)]} {rest:07d}{choice % 10 if choice % 3 == 0 else ''}"


def _landline(place: int, country: int, choice: int, rest: int) -> str:
    codes = places().dialling_codes[place]
    code = codes[choice % len(codes)]
    if COUNTRIES[country] == "US":
        return f"{code} {2 + rest % 8}{rest // 8 % 1_000_000:06d}"
    if COUNTRIES[country] == "GB":
        return f"{code} {rest:07d}{choice % 10}"[:11]
    return f"{code} {1 + choice % 9}{rest % 10 ** (6 if len(code) < 4 else 5)}"


def write_phones(rng: Generator, numbers: Column, country: Index, source: Index) -> Column:
    """The numbers as each source's people and forms write them."""
    written = blank(len(numbers))
    for (c, name), s in ((entry, s) for entry in enumerate(COUNTRIES) for s in range(4)):
        rows = np.flatnonzero((country == c) & (source == s) & (numbers != ""))
        ways = pick(rng, len(rows), [common[s] for common in STYLES[name].values()])
        written[rows] = each(_written, column(STYLES[name])[ways], numbers[rows])
    return written


def _written(style: str, number: str) -> str:
    code, rest = number.split(" ")
    return style.format(a=code, b=rest[:3], c=rest[3:])
