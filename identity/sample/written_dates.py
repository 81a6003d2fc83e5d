"""Birth dates as the systems hold them, as ISO text."""

from typing import Final

import numpy as np

from identity.sample.columns import Column, Generator, Index, each, hits
from identity.sample.entries import Entries
from identity.sample.households import Days
from identity.sample.people import People
from identity.sample.rates import (
    DATE_DIGIT_WRONG,
    DATE_DIGITS_TRANSPOSED,
    DATE_PLACEHOLDER,
    DAY_MONTH_SWAP,
    FIRST_OF_JANUARY,
)

PLACEHOLDERS: Final = np.array([-25567, 0])
"""1900-01-01 and 1970-01-01."""


def write_births(rng: Generator, people: People, entries: Entries) -> Column:
    """Every date is one that exists; the impossible ones are planted later."""
    birth = _placeholders(rng, people.birth[entries.person])
    year, month, day = _parts(birth)
    rows = len(birth)
    swapped = hits(rng, rows, DAY_MONTH_SWAP) & (day <= 12)
    month, day = np.where(swapped, day, month), np.where(swapped, month, day)
    turned, what = hits(rng, rows, DATE_DIGITS_TRANSPOSED), rng.integers(0, 2, rows)
    year = np.where(turned & (what == 0), _turn_year(year), year)
    day = np.where(turned & (what == 1), _turn_day(day), day)
    wrong, what = hits(rng, rows, DATE_DIGIT_WRONG), rng.integers(0, 3, rows)
    year = np.where(wrong & (what == 0), year + rng.choice([-10, -1, 1, 10], rows), year)
    month = np.where(wrong & (what == 1), 1 + (month + rng.integers(0, 3, rows)) % 12, month)
    day = np.where(wrong & (what == 2), np.clip(day + rng.choice([-10, -1, 1, 10], rows), 1, 28), day)
    day = np.minimum(day, np.where(np.isin(month, (4, 6, 9, 11)), 30, np.where(month == 2, 28, 31)))
    return each("{:04d}-{:02d}-{:02d}".format, year, month, day)


def _placeholders(rng: Generator, birth: Days) -> Days:
    """The first of January where only the year was told, and the dates that forms put in by themselves."""
    new_year = birth.astype("datetime64[D]").astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    birth = np.where(hits(rng, len(birth), FIRST_OF_JANUARY), new_year, birth)
    filled = PLACEHOLDERS[rng.integers(0, len(PLACEHOLDERS), len(birth))]
    return np.where(hits(rng, len(birth), DATE_PLACEHOLDER), filled, birth)


def _parts(birth: Days) -> tuple[Index, Index, Index]:
    date = birth.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    day = (date - month).astype(np.int64) + 1
    return month.astype(np.int64) // 12 + 1970, month.astype(np.int64) % 12 + 1, day


def _turn_year(year: Index) -> Index:
    """1978 as 1987, where that is not in the future."""
    turned = year // 100 * 100 + year % 10 * 10 + year % 100 // 10
    return np.where(turned > 2015, year, turned)


def _turn_day(day: Index) -> Index:
    turned = day % 10 * 10 + day // 10
    return np.where((turned < 1) | (turned > 28), day, turned)
