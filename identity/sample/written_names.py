"""The names of people as the systems hold them."""

from typing import Final

import numpy as np

from identity.sample.columns import (
    Chance,
    Column,
    Generator,
    Mask,
    amend,
    hits,
    known,
    per_source,
    pick_text,
)
from identity.sample.entries import Entries
from identity.sample.people import People
from identity.sample.rates import (
    DOUBLE_BARRELLED,
    FAMILY_TYPO,
    GIVEN_TYPO,
    INITIAL,
    NICKNAME,
    PHONETIC,
    PLACEHOLDER_NAME,
    SENIOR_OR_JUNIOR,
    STRAY_BLANK,
    SWAPPED_NAMES,
    WITH_MIDDLE_NAME,
)
from identity.sample.spelling import drop_accents, initial, mishear, mistype, nickname, spell_out, stray_blank

PLACEHOLDERS: Final = ("Test", "N/A", "unknown", "X", "Customer", "xxx", "-", "Guest")


def write_names(rng: Generator, people: People, entries: Entries) -> tuple[Column, Column]:
    """Given and family names, with everything that befalls them but being missing."""
    given, family = _said(rng, people, entries), _family_then(rng, people, entries)
    source, misheard = entries.source, per_source(PHONETIC, entries.source)
    given = in_hand(slips(rng, _heard(rng, given, misheard), per_source(GIVEN_TYPO, source)), entries)
    family = in_hand(slips(rng, _heard(rng, family, misheard), per_source(FAMILY_TYPO, source)), entries)
    swapped = hits(rng, len(given), per_source(SWAPPED_NAMES, entries.source))
    given, family = np.where(swapped, family, given), np.where(swapped, given, family)
    return _spoilt(rng, given, entries), _spoilt(rng, family, entries)


def in_hand(text: Column, entries: Entries) -> Column:
    """Text in the hand of its row: accents, then case."""
    accented = ~np.fromiter(map(str.isascii, text.tolist()), np.bool_, len(text))
    text = amend(text, entries.spelt_out & accented, spell_out)
    text = amend(text, entries.plain & accented, drop_accents)
    return amend(amend(text, entries.upper, str.upper), entries.lower, str.lower)


def slips(rng: Generator, text: Column, rate: Chance) -> Column:
    """A typing error in about `rate` of the rows."""
    rows = len(text)
    kind, place, key = rng.random(rows), rng.random(rows), rng.integers(0, 1000, rows)
    return amend(text, hits(rng, rows, rate), mistype, kind, place, key)


def _said(rng: Generator, people: People, entries: Entries) -> Column:
    """The given name that a person tells this system: in full, short, an initial, with a middle name."""
    given, middle = people.given[entries.person], people.middle[entries.person]
    rows, choice = len(given), rng.integers(0, 1000, len(given))
    both = hits(rng, rows, WITH_MIDDLE_NAME) & known(middle)
    given = amend(given, hits(rng, rows, NICKNAME), nickname, choice)
    given = amend(given, both, _with_middle, middle, choice)
    return amend(given, hits(rng, rows, INITIAL), initial, choice)


def _with_middle(given: str, middle: str, choice: int) -> str:
    return f"{given} {(middle, middle[0], middle[0] + '.')[choice % 3]}"


def _family_then(rng: Generator, people: People, entries: Entries) -> Column:
    """The family name borne when the system learnt it, and the suffix where it is written."""
    person, rows = entries.person, len(entries.person)
    former, family = people.former_family[person], people.family[person]
    double = known(former) & hits(rng, rows, DOUBLE_BARRELLED)
    before = known(former) & (entries.observed < people.renamed_on[person])
    family = amend(np.where(before, former, family), double & ~before, "{1}-{0}".format, former)
    written = hits(rng, rows, SENIOR_OR_JUNIOR) & known(people.suffix[person])
    return amend(family, written, _with_suffix, people.suffix[person], rng.integers(0, 3, rows))


def _with_suffix(family: str, suffix: str, choice: int) -> str:
    return (f"{family} {suffix}", f"{family} {suffix}.", f"{family}, {suffix}")[choice]


def _heard(rng: Generator, names: Column, rate: Chance) -> Column:
    return amend(names, hits(rng, len(names), rate), mishear, rng.integers(0, 1000, len(names)))


def _spoilt(rng: Generator, names: Column, entries: Entries) -> Column:
    """Stray blanks, and what a cashier types when nobody tells a name."""
    rows = len(names)
    names = amend(names, hits(rng, rows, STRAY_BLANK), stray_blank, rng.integers(0, 4, rows))
    unnamed: Mask = hits(rng, rows, per_source(PLACEHOLDER_NAME, entries.source))
    return np.where(unnamed, pick_text(rng, rows, PLACEHOLDERS), names)
