"""Names: pools by origin, drawn as often as they occur, so that a city has its hundred Michael Smiths."""

from collections.abc import Callable, Iterable
from functools import cache
from itertools import product
from typing import Final

import numpy as np

from identity.sample.columns import Column, Generator, Index, column, facts, hits, pick
from identity.sample.rates import COUNTRY_SHARE, GIVEN_NAME_OF_OWN_ORIGIN, ORIGINS, RARE_SURNAME

COUNTRIES: Final = tuple(COUNTRY_SHARE)
POOLS: Final = ("us", "gb", "de", "fr", "es", "nordic")


def _glue(starts: Iterable[str], ends: Iterable[str], between: str = "") -> list[str]:
    return [between.join(parts) for parts in product(starts, ends) if parts[0] != parts[1]]


def _compounds(language: str) -> list[str]:
    parts = {name: forms.split() for name, forms in facts("surname_parts.tsv")}
    return _glue(parts[f"{language} start"], parts[f"{language} end"])


@cache
def _rare_surnames(pool: str) -> Column:
    """Compounds such as a people's own way of making names yields."""
    top = _family(pool)[0][:60].tolist()
    fathers = [name.removesuffix("e") for name in _given("nordic", "M")[0].tolist()]
    made: dict[str, Callable[[], list[str]]] = {
        "us": lambda: [*_compounds("english"), *_compounds("german"), *_compounds("celtic")],
        "gb": lambda: [*_compounds("english"), *_compounds("celtic"), *_glue(top[:40], top[20:], "-")],
        "de": lambda: [*_compounds("german"), *_glue(top[:40], top[20:], "-")],
        "fr": lambda: [*_compounds("french"), *_glue(("de", "du", "le"), _compounds("french"), " ")],
        "es": lambda: [*_glue(top, top, " "), *_glue(("de la",), top, " ")],
        "nordic": lambda: _glue(fathers, ("sen", "sson")),
    }
    return column(dict.fromkeys(made[pool]()))


@cache
def _given(pool: str, gender: str) -> tuple[Column, tuple[float, ...]]:
    rows = [row for row in facts("given_names.tsv") if row[:2] == (pool, gender)]
    return column(row[2] for row in rows), tuple(float(row[3]) for row in rows)


@cache
def _family(pool: str) -> tuple[Column, tuple[float, ...]]:
    rows = [row for row in facts("family_names.tsv") if row[0] == pool]
    return column(row[1] for row in rows), tuple(float(row[2]) for row in rows)


@cache
def nicknames() -> dict[str, tuple[str, ...]]:
    """Given name → the short forms that people write for it."""
    return {name: tuple(short) for (line,) in facts("nicknames.txt") for name, *short in [line.split()]}


def draw_origins(rng: Generator, country: Index) -> Index:
    """A pool of names for each row, by what is common in its country."""
    origin = np.zeros(len(country), dtype=np.int64)
    for number, name in enumerate(COUNTRIES):
        rows = np.flatnonzero(country == number)
        origin[rows] = pick(rng, len(rows), [ORIGINS[name].get(pool, 0.0) for pool in POOLS])
    return origin


def draw_family_names(rng: Generator, origin: Index) -> Column:
    names = column([""] * len(origin))
    rare = hits(rng, len(origin), RARE_SURNAME)
    for number, pool in enumerate(POOLS):
        rows, odd = np.flatnonzero((origin == number) & ~rare), np.flatnonzero((origin == number) & rare)
        common, weights = _family(pool)
        names[rows] = common[pick(rng, len(rows), weights)]
        compounds = _rare_surnames(pool)
        names[odd] = compounds[rng.integers(0, len(compounds), len(odd))]
    return names


def draw_given_names(rng: Generator, origin: Index, country: Index, gender: Column) -> Column:
    """Most people are named after their own origin, the rest as their neighbours are."""
    names = column([""] * len(origin))
    neighbours = np.array([POOLS.index(c.lower()) for c in COUNTRIES])[country]
    pool_of = np.where(hits(rng, len(origin), GIVEN_NAME_OF_OWN_ORIGIN), origin, neighbours)
    for (number, pool), sex in product(enumerate(POOLS), "FM"):
        rows = np.flatnonzero((pool_of == number) & (gender == sex))
        known_names, weights = _given(pool, sex)
        names[rows] = known_names[pick(rng, len(rows), weights)]
    return names
