"""The fact base: what is true of each person, before any system has written it down."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from identity.sample.columns import Column, Generator, Index, Mask, each, hits, pick
from identity.sample.emails import distinct, draw_emails, draw_family_emails
from identity.sample.homes import Homes, draw_homes
from identity.sample.households import Days, Seats, draw_births, draw_genders, seat
from identity.sample.names import draw_family_names, draw_given_names, draw_origins
from identity.sample.phones import draw_landlines, draw_mobiles
from identity.sample.rates import (
    CHANGED_MOBILE,
    CHILD_MOVED_OUT,
    CHILD_OTHER_SURNAME,
    COUNTRY_SHARE,
    FAMILY_EMAIL,
    HAS_EMAIL,
    HAS_MOBILE,
    MARRIED_NAME,
    MIDDLE_NAME,
    MOVED,
    NAMESAKE_SON,
    PARTNER_KEEPS_SURNAME,
    RECYCLED_MOBILE,
    SECOND_EMAIL,
    SHARED_LANDLINE,
    SINGLE_LANDLINE,
    WRITES_JUNIOR,
)

FIRST_DAY: Final = 16071
LAST_DAY: Final = 20453
"""The days on which records begin (2014-01-01) and end (2025-12-31)."""
NEVER: Final = -1


@dataclass(frozen=True, slots=True)
class People:
    """One row per person. Changes have a day, `NEVER` where nothing changed; homes are rows of `Homes`."""

    seats: Seats
    country: Index
    gender: Column
    birth: Days
    given: Column
    middle: Column
    family: Column
    suffix: Column
    former_family: Column
    renamed_on: Days
    home: Index
    former_home: Index
    moved_on: Days
    email: Column
    second_email: Column
    family_email: Column
    mobile: Column
    former_mobile: Column
    mobile_changed_on: Days
    landline: Column
    tax_id: Column


def draw_people(rng: Generator, count: int) -> tuple[People, Homes]:
    seats = seat(rng, count)
    country = pick(rng, count, list(COUNTRY_SHARE.values()))[seats.head]
    gender, birth = draw_genders(rng, seats), draw_births(rng, seats)
    family, origin = _families(rng, seats, country)
    given, suffix = _givens(rng, seats, origin, country, gender)
    middle = np.where(hits(rng, count, MIDDLE_NAME), draw_given_names(rng, origin, country, gender), "")
    former_family, renamed_on = _former_families(rng, family, origin, gender)
    homes, home, former_home, moved_on = _residences(rng, seats, country)
    email, second_email, family_email = _emails(rng, seats, given, family, birth, country)
    mobile, former_mobile, mobile_changed_on = _mobiles(rng, homes.place[home], country)
    return People(
        seats,
        country,
        gender,
        birth,
        given,
        middle,
        family,
        suffix,
        former_family,
        renamed_on,
        home,
        former_home,
        moved_on,
        email,
        second_email,
        family_email,
        mobile,
        former_mobile,
        mobile_changed_on,
        _household_landlines(rng, seats, homes.place[home], country),
        each(_tax_id, country, rng.integers(10**8, 10**9, count), rng.integers(10, 100, count)),
    ), homes


def _families(rng: Generator, seats: Seats, country: Index) -> tuple[Column, Index]:
    """Family names and their origin: the head's, but for partners and children who bear another."""
    own_origin = draw_origins(rng, country)
    own = draw_family_names(rng, own_origin)
    apart = np.where(seats.partner, PARTNER_KEEPS_SURNAME, np.where(seats.child, CHILD_OTHER_SURNAME, 1.0))
    bearer = np.where(hits(rng, len(own), apart), np.arange(len(own)), seats.head)
    bearer = np.where(seats.twin, np.roll(bearer, 1), bearer)
    return own[bearer], own_origin[bearer]


def _givens(
    rng: Generator, seats: Seats, origin: Index, country: Index, gender: Column
) -> tuple[Column, Column]:
    """Given names and generation suffixes. Only a namesake son bears the name of another member."""
    given = draw_given_names(rng, origin, country, gender)
    for _ in range(3):
        again = np.flatnonzero(_same_as_before(given, seats))
        given[again] = draw_given_names(rng, origin[again], country[again], gender[again])
    namesake = (
        seats.child & (gender == "M") & (gender[seats.head] == "M") & ~seats.twin & ~np.roll(seats.twin, -1)
    )
    namesake &= hits(rng, len(given), NAMESAKE_SON)
    given[namesake] = given[seats.head[namesake]]
    suffix = np.where(namesake & (country == 0) & hits(rng, len(given), WRITES_JUNIOR), "Jr", "").astype(
        np.object_
    )
    fathers = seats.head[suffix == "Jr"]
    suffix[fathers[hits(rng, len(fathers), 0.4)]] = "Sr"
    return given, suffix


def _same_as_before(given: Column, seats: Seats) -> Mask:
    """True where an earlier member of the household has the given name."""
    same = np.zeros(len(given), dtype=np.bool_)
    for back in range(1, 5):
        same |= (seats.position >= back) & (given == np.roll(given, back))
    return same


def _former_families(rng: Generator, family: Column, origin: Index, gender: Column) -> tuple[Column, Days]:
    rate = np.where(gender == "F", MARRIED_NAME["F"], MARRIED_NAME["M"])
    renamed = hits(rng, len(family), rate)
    former = np.where(renamed, draw_family_names(rng, origin), "")
    return former, _change_days(rng, renamed)


def _change_days(rng: Generator, changed: Mask) -> Days:
    return np.where(changed, rng.integers(FIRST_DAY + 365, LAST_DAY - 180, len(changed)), NEVER)


def _residences(rng: Generator, seats: Seats, country: Index) -> tuple[Homes, Index, Index, Days]:
    """Homes of households, homes they left, and homes of children who moved out."""
    count = len(seats.household)
    households = int(seats.household[-1]) + 1
    land = country[np.flatnonzero(seats.position == 0)]
    left = hits(rng, households, MOVED)[seats.household]
    day = _change_days(rng, np.ones(households, dtype=np.bool_))[seats.household]
    out = seats.child & hits(rng, count, CHILD_MOVED_OUT)
    own = 2 * households + np.cumsum(out) - 1
    home = np.where(out, own, seats.household)
    former = np.where(out, seats.household, np.where(left, households + seats.household, NEVER))
    homes = draw_homes(rng, np.concatenate([land, land, country[out]]))
    return homes, home, former, np.where(out, _change_days(rng, out), np.where(left, day, NEVER))


def _emails(
    rng: Generator, seats: Seats, given: Column, family: Column, birth: Days, country: Index
) -> tuple[Column, Column, Column]:
    """A first address for most, a second for some, and one that a household shares."""
    count, year = len(given), 1970 + (birth / 365.2425).astype(np.int64)
    first = np.where(hits(rng, count, HAS_EMAIL), draw_emails(rng, given, family, year, country), "")
    second = np.where(hits(rng, count, SECOND_EMAIL), draw_emails(rng, given, family, year, country), "")
    shared = hits(rng, count, FAMILY_EMAIL) & (seats.position == 0) & (seats.size > 1)
    ours = np.where(shared, draw_family_emails(rng, family, country), "")
    first, second, ours = np.split(distinct(rng, np.concatenate([first, second, ours])), 3)
    return first, second, ours[seats.head]


def _mobiles(rng: Generator, place: Index, country: Index) -> tuple[Column, Column, Days]:
    """Mobile numbers now and before; some that were given up are another person's now."""
    count = len(place)
    mobile = np.where(hits(rng, count, HAS_MOBILE), draw_mobiles(rng, place, country), "")
    changed = hits(rng, count, CHANGED_MOBILE) & (mobile != "")
    former = np.where(changed, draw_mobiles(rng, place, country), "")
    given_up = np.flatnonzero(changed & hits(rng, count, RECYCLED_MOBILE))
    taker = rng.integers(0, count, len(given_up))
    same_land = (country[taker] == country[given_up]) & (mobile[taker] != "") & (taker != given_up)
    mobile[taker[same_land]] = former[given_up[same_land]]
    return mobile, former, _change_days(rng, changed)


def _household_landlines(rng: Generator, seats: Seats, place: Index, country: Index) -> Column:
    rate = np.where(seats.size > 1, SHARED_LANDLINE, SINGLE_LANDLINE)
    has_one = (seats.position == 0) & hits(rng, len(place), rate)
    return np.where(has_one, draw_landlines(rng, place, country), "")[seats.head]


def _tax_id(country: int, number: int, more: int) -> str:
    """A tax number of the country's shape; American ones begin with 9, as no social security number does."""
    return (
        f"9{number % 100:02d}-{more:02d}-{number // 100 % 10_000:04d}",
        f"{number}{more % 10}",
        f"{number}{more}",
    )[country]
