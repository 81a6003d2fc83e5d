"""Who lives together, as what, and born when."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from identity.sample.columns import Column, Generator, Index, Mask, hits
from identity.sample.rates import (
    HOUSEHOLD_SIZES,
    PARTNER_AMONG_MORE,
    PARTNER_AMONG_TWO,
    SAME_GENDER_COUPLE,
    SHARED_HOUSEHOLD,
    TWIN,
)

Days = npt.NDArray[np.int64]
"""Days since 1970-01-01."""

DAYS_PER_YEAR = 365.2425
YOUNGEST = 2009


@dataclass(frozen=True, slots=True)
class Seats:
    """Where each person sits at the household's table; the members of a household are neighbouring rows."""

    household: Index
    size: Index
    head: Index
    position: Index
    partner: Mask
    child: Mask
    twin: Mask
    """Born with the person in the row before."""


def seat(rng: Generator, people: int) -> Seats:
    sizes = _sizes(rng, people)
    household = np.repeat(np.arange(len(sizes)), sizes)
    size = np.repeat(sizes, sizes)
    head = np.repeat(np.cumsum(sizes) - sizes, sizes)
    position = np.arange(people) - head
    pairing = np.where(size == 2, PARTNER_AMONG_TWO, PARTNER_AMONG_MORE)
    partner = (position == 1) & hits(rng, people, pairing)
    child = (position > 0) & ~partner
    return Seats(household, size, head, position, partner, child, _twins(rng, child, position))


def _sizes(rng: Generator, people: int) -> Index:
    shared = int(people * SHARED_HOUSEHOLD)
    drawn = rng.choice(list(HOUSEHOLD_SIZES), size=shared // 2 + 1, p=list(HOUSEHOLD_SIZES.values()))
    sizes = drawn[np.cumsum(drawn) <= shared]
    return np.concatenate([sizes, np.ones(people - int(sizes.sum()), dtype=np.int64)]).astype(np.int64)


def _twins(rng: Generator, child: Mask, position: Index) -> Mask:
    twin = child & (position > 1) & np.roll(child, 1) & hits(rng, len(child), TWIN)
    return twin & ~np.roll(twin, 1)


def draw_genders(rng: Generator, seats: Seats) -> Column:
    """Heads and children by chance; partners mostly of the other gender."""
    female = hits(rng, len(seats.head), 0.5)
    alike = hits(rng, len(seats.head), SAME_GENDER_COUPLE)
    female = np.where(seats.partner, female[seats.head] ^ ~alike, female)
    return np.where(female, "F", "M").astype(np.object_)


def draw_births(rng: Generator, seats: Seats) -> Days:
    """Heads are adults, partners of like age, children 20 to 38 years younger, twins of one day."""
    people = len(seats.head)
    alone = rng.triangular(1938, 1986, 2008, people)
    heads = rng.triangular(1938, 1968, 1988, people)
    year = np.where(seats.size == 1, alone, heads)
    year = np.where(seats.partner, year[seats.head] + rng.normal(0.5, 3.5, people), year)
    oldest_gap = np.clip(YOUNGEST - year[seats.head], 20.5, 38)
    year = np.where(seats.child, year[seats.head] + rng.uniform(20, oldest_gap), year)
    birth = ((year - 1970) * DAYS_PER_YEAR).astype(np.int64)
    return np.where(seats.twin, np.roll(birth, 1), birth)
