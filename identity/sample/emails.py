"""E-mail addresses: local parts that follow names, at the providers that people use."""

from functools import lru_cache
from typing import Final

import numpy as np

from identity.sample.columns import (
    Column,
    Generator,
    Index,
    blank,
    column,
    each,
    facts,
    hits,
    known,
    pick,
    repeated,
)
from identity.sample.names import COUNTRIES, nicknames
from identity.sample.spelling import drop_accents, spell_out

LOCAL_PARTS: Final = {
    "{g}.{f}": 0.21,
    "{g}{f}": 0.11,
    "{i}{f}": 0.08,
    "{g}_{f}": 0.05,
    "{g}.{f}{n}": 0.09,
    "{i}{f}{y}": 0.10,
    "{g}{y}": 0.06,
    "{g}_{year}": 0.06,
    "{g}{f}{n}": 0.06,
    "{f}.{i}{n}": 0.05,
    "{i}.{f}": 0.04,
    "{k}{f}{n}": 0.05,
    "{k}.{f}": 0.03,
    "{f}{g}": 0.01,
}
"""g given name, f family name, i initial, k nickname, y year of birth in two digits, n a number."""

EMPLOYERS: Final = (
    "northgate-logistics.com",
    "brightwell.co",
    "harborview-dental.com",
    "stonebridge-law.com",
    "greenfieldfoods.com",
    "meridian-eng.com",
    "lakesideclinic.org",
    "summitbuilders.net",
)
WORK_ADDRESS: Final = 0.03
FAMILY_PARTS: Final = ("the{f}s", "{f}family", "{f}.family", "family{f}", "the{f}clan", "{f}home")


@lru_cache(maxsize=65536)
def latin(name: str) -> str:
    """A name as people type it into an address: lower case, letters and digits only, ü as ue."""
    return "".join(letter for letter in drop_accents(spell_out(name)).lower() if letter.isalnum())


def draw_emails(rng: Generator, given: Column, family: Column, birth_year: Index, country: Index) -> Column:
    """One address per row."""
    return each("{}@{}".format, _local_parts(rng, given, family, birth_year), _domains(rng, country))


def draw_family_emails(rng: Generator, family: Column, country: Index) -> Column:
    part = column(FAMILY_PARTS)[rng.integers(0, len(FAMILY_PARTS), len(family))]
    local = each(lambda pattern, name: pattern.format(f=latin(name)), part, family)
    return each("{}@{}".format, local, _domains(rng, country))


def _local_parts(rng: Generator, given: Column, family: Column, birth_year: Index) -> Column:
    pattern = column(LOCAL_PARTS)[pick(rng, len(given), list(LOCAL_PARTS.values()))]
    return each(_local_part, pattern, given, family, birth_year, rng.integers(1, 1000, len(given)))


def _local_part(pattern: str, given: str, family: str, year: int, number: int) -> str:
    short = nicknames().get(given, (given,))
    g, f = latin(given), latin(family)
    k = latin(short[number % len(short)])
    return pattern.format(g=g, f=f, i=g[:1], k=k, y=f"{year % 100:02d}", year=year, n=number)


def _domains(rng: Generator, country: Index) -> Column:
    domain = blank(len(country))
    for number, name in enumerate(COUNTRIES):
        rows = np.flatnonzero(country == number)
        shares = {
            provider: float(share) for land, provider, share in facts("email_providers.tsv") if land == name
        }
        domain[rows] = column(shares)[pick(rng, len(rows), list(shares.values()))]
    at_work = np.flatnonzero(hits(rng, len(country), WORK_ADDRESS))
    domain[at_work] = column(EMPLOYERS)[rng.integers(0, len(EMPLOYERS), len(at_work))]
    return domain


def distinct(rng: Generator, emails: Column) -> Column:
    """No provider gives one address to two people: who comes later puts a number behind the name."""
    own = emails.copy()
    for highest in (100, 10_000, 1_000_000, 100_000_000):
        taken = np.flatnonzero(repeated(own))
        own[taken] = each(_numbered, own[taken], rng.integers(2, highest, len(taken)))
    own[repeated(own) & known(own)] = ""
    return own


def _numbered(email: str, number: int) -> str:
    return email.replace("@", f"{number}@")
