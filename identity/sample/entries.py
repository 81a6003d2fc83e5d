"""Which records there are: of whom, in which system, made and last touched when, under which key."""

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

from identity.sample.columns import (
    Column,
    Generator,
    Index,
    Mask,
    blank,
    column,
    each,
    hits,
    per_source,
    pick,
)
from identity.sample.homes import Homes
from identity.sample.households import Days
from identity.sample.names import COUNTRIES
from identity.sample.people import FIRST_DAY, LAST_DAY, People
from identity.sample.rates import (
    ACCENT_LOST,
    LOWER_CASE,
    PEOPLE_PER_STORE,
    RECORDS_PER_PERSON,
    SOURCE_SHARE,
    UMLAUT_SPELT_OUT,
    UPPER_CASE,
)

DAY: Final = 86_400
END: Final = (LAST_DAY + 1) * DAY - 1
KEYS: Final = (("{:d}", 10_000_000), ("{:d}", 6_870_000_000_000), ("70{:08d}", 100_000), ("{:010d}", 200_000))
"""How each source writes its record id, and where its numbers begin."""


@dataclass(frozen=True, slots=True)
class Entries:
    """One row per record, oldest first. Times are seconds since 1970, `observed` a day."""

    person: Index
    source: Index
    country: Index
    store: Index
    created: Index
    updated: Index
    observed: Days
    key: Column
    upper: Mask
    lower: Mask
    spelt_out: Mask
    plain: Mask

    def only(self, rows: Mask) -> "Entries":
        return Entries(*(getattr(self, f.name)[rows] for f in fields(self)))


def draw_entries(rng: Generator, people: People, homes: Homes) -> Entries:
    count = len(people.given)
    person = np.repeat(np.arange(count), 1 + pick(rng, count, RECORDS_PER_PERSON))
    created = _opening_times(rng, len(person))
    order = np.argsort(created, kind="stable")
    person, created = person[order], created[order]
    rows = len(person)
    source = pick(rng, rows, SOURCE_SHARE)
    updated = created + _days_alive(rng, created) * DAY
    seen = np.where(hits(rng, rows, 0.3), updated, created) // DAY
    country = people.country[person]
    stores = homes.place[people.home[person]] % store_count(count)
    hand = _hands(rng, source, country)
    return Entries(person, source, country, stores, created, updated, seen, _keys(rng, source), *hand)


def store_count(people: int) -> int:
    return min(max(2, people // PEOPLE_PER_STORE), 400)


def touched(entries: Entries, updated: Index) -> Entries:
    """The entries with later times of change; each source keeps them as finely as its export does."""
    grain = np.array((60, 1, 1, DAY))[entries.source]
    return replace(entries, created=entries.created // grain * grain, updated=updated // grain * grain)


def _opening_times(rng: Generator, rows: int) -> Index:
    """Records grow more frequent over the years, and shops open at eight."""
    day = FIRST_DAY + (rng.beta(1.6, 1.0, rows) * (LAST_DAY - FIRST_DAY)).astype(np.int64)
    return day * DAY + rng.integers(8 * 3600, 21 * 3600, rows)


def _days_alive(rng: Generator, created: Index) -> Days:
    """Days between a record's first and last change: most change early, none after the end."""
    longest = rng.random(len(created)) * ((END - created) // DAY)
    return np.minimum(rng.exponential(200, len(created)), longest).astype(np.int64)


def _keys(rng: Generator, source: Index) -> Column:
    """Ids rise with time and leave gaps: the number after an id is never taken."""
    keys = blank(len(source))
    for number, (style, first) in enumerate(KEYS):
        rows = np.flatnonzero(source == number)
        ids = first + np.cumsum(rng.integers(2, 10, len(rows)))
        keys[rows] = each(style.format, ids)
    return keys


def _hands(rng: Generator, source: Index, country: Index) -> tuple[Mask, Mask, Mask, Mask]:
    """How the text of a row is written: in capitals, in small letters, umlauts spelt out, accents lost."""
    rows = len(source)
    upper = hits(rng, rows, per_source(UPPER_CASE, source))
    lower = hits(rng, rows, per_source(LOWER_CASE, source)) & ~upper
    spelt_out = hits(rng, rows, np.array([UMLAUT_SPELT_OUT[c] for c in COUNTRIES])[country])
    plain = hits(rng, rows, np.array([ACCENT_LOST[c] for c in COUNTRIES])[country]) & ~spelt_out
    return upper, lower, spelt_out, plain


def person_ids(rng: Generator, count: int) -> Column:
    """Names for the people that tell nothing of their households."""
    return column(f"P{number:07d}" for number in (1 + rng.permutation(count)).tolist())
