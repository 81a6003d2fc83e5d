"""People who are easily mistaken for each other: those of a few cities, many of them at home with their like."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
from rapidfuzz.distance import OSA

from identity.sample.columns import Column, Generator, Index, Mask, column, hits, known, repeated
from identity.sample.emails import distinct, draw_emails
from identity.sample.homes import Homes
from identity.sample.households import Seats
from identity.sample.people import FIRST_DAY, LAST_DAY, People, draw_people
from identity.sample.phones import draw_mobiles
from identity.sample.rates import WRITES_JUNIOR

IN_HOUSEHOLDS: Final = 0.6
NAMESAKES: Final = 0.01
"""Sons who bear their father's name in his house, per person of the crowd; twins and recycled numbers likewise."""
TWINS: Final = 0.01
ALIKE_TWINS: Final = 0.25
RECYCLED: Final = 0.04
ONE_MAILBOX: Final = 0.3
ONE_NUMBER: Final = 0.3
"""Of the people with relatives: how many give the e-mail address, or the number, of the head of the household."""
IDLE_DAYS: Final = 120
"""How long a number that was given up rests before a stranger gets it."""
_DRAWN_PER_PERSON: Final = 16

Pairs = tuple[tuple[int, int], ...]
"""Pairs of rows of `People`."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who there is, each person's store, where the stores are, and who is tied to whom."""

    people: People
    homes: Homes
    store: Index
    store_place: Index
    namesakes: Pairs
    twins: Pairs
    recycled: Pairs


def draw_crowd(rng: Generator, count: int, stores: int) -> Crowd:
    """Return `count` people around `stores` stores, one store to a city."""
    drawn, homes = draw_people(rng, count * _DRAWN_PER_PERSON)
    place = homes.place[drawn.home[drawn.seats.head]]
    store_place = np.argsort(-np.bincount(place), kind="stable")[:stores]
    rows = _chosen(drawn.seats, np.isin(place, store_place), count)
    store = np.argmax(place[rows][:, None] == store_place, axis=1)
    people = _with_twins(rng, _with_namesakes(rng, _only(drawn, rows), count), count)
    people = _with_shared_contacts(rng, people)
    people, recycled = _with_recycled_numbers(rng, people, homes, store, count)
    return Crowd(people, homes, store, store_place, _namesakes(people), _twins(people), recycled)


def _chosen(seats: Seats, near: Mask, count: int) -> Index:
    """Rows of whole households nearby, up to their share, and of people who live alone."""
    shared = np.flatnonzero(near & (seats.size > 1))
    whole = np.flatnonzero(np.append(np.diff(seats.household[shared]) > 0, True)) + 1
    together = shared[: whole[whole <= count * IN_HOUSEHOLDS][-1]]
    alone = np.flatnonzero(near & (seats.size == 1))[: count - len(together)]
    if len(together) + len(alone) < count:
        raise ValueError(f"too few people live around the stores for a crowd of {count}")
    return np.concatenate([together, alone])


def _only(people: People, rows: Index) -> People:
    """The people of whole households, their heads found again."""
    columns = {f.name: getattr(people, f.name)[rows] for f in fields(people) if f.name != "seats"}
    seats = {f.name: getattr(people.seats, f.name)[rows] for f in fields(people.seats)}
    seats["head"] = np.searchsorted(rows, seats["head"])
    return People(Seats(**seats), **columns)


def _with_namesakes(rng: Generator, people: People, count: int) -> People:
    """Some sons bear their father's name, live in his house, and are now and then written as his junior."""
    seats, male = people.seats, people.gender == "M"
    fits = seats.child & male & male[seats.head] & (people.home == people.home[seats.head])
    fits &= (people.family == people.family[seats.head]) & (seats.position <= 2) & ~seats.twin
    sons = _some(rng, fits, count * NAMESAKES)
    people = _renamed(rng, people, sons, people.given[seats.head[sons]])
    suffix = people.suffix.copy()
    suffix[sons[hits(rng, len(sons), WRITES_JUNIOR) & (people.country[sons] == 0)]] = "Jr"
    return replace(people, suffix=suffix)


def _with_twins(rng: Generator, people: People, count: int) -> People:
    """Some brothers and sisters are born on one day; a few of them are given names that are nearly the same."""
    seats, before = people.seats, np.arange(len(people.given)) - 1
    fits = seats.child & seats.child[before] & (seats.household == seats.household[before])
    fits &= (people.home == people.home[before]) & (people.family == people.family[before])
    fits &= (people.given != people.given[before]) & (people.given != people.given[seats.head])
    fits &= ~seats.twin & ~np.roll(seats.twin, 1)
    # No three of one birth: of two neighbouring pairs the later one goes.
    fits &= ~np.roll(fits, 1)
    younger = _some(rng, fits, count * TWINS)
    birth, twin = people.birth.copy(), seats.twin.copy()
    birth[younger], twin[younger] = birth[younger - 1], True
    people = replace(people, birth=birth, seats=replace(seats, twin=twin))
    alike = younger[hits(rng, len(younger), ALIKE_TWINS)]
    return _renamed(rng, people, alike, column(_nearly(people, row) for row in alike.tolist()))


def _nearly(people: People, row: int) -> str:
    """The name most like the elder twin's that begins like it and is more than a slip away from it."""
    elder, names = people.given[row - 1], set(people.given[people.gender == people.gender[row]].tolist())
    begin = [name for name in sorted(names) if name[0] == elder[0] and OSA.distance(name, elder) > 1]
    taken = people.given[people.seats.household == people.seats.household[row]].tolist()
    return str(min(set(begin) - set(taken), key=lambda name: (OSA.distance(name, elder), name)))


def _renamed(rng: Generator, people: People, rows: Index, given: Column) -> People:
    """The people with other given names for some, who have the e-mail addresses that follow from them."""
    columns: dict[str, Any] = {"given": people.given.copy()}
    columns["given"][rows] = given
    year = 1970 + (people.birth[rows] / 365.2425).astype(np.int64)
    for name in ("email", "second_email"):
        mails = getattr(people, name).copy()
        drawn = draw_emails(rng, given, people.family[rows], year, people.country[rows])
        mails[rows] = np.where(known(mails[rows]), drawn, "")
        columns[name] = mails
    columns["email"], columns["second_email"] = np.split(
        distinct(rng, np.concatenate([columns["email"], columns["second_email"]])), 2
    )
    return replace(people, **columns)


def _with_shared_contacts(rng: Generator, people: People) -> People:
    """Some in a household have no mailbox or no number of their own to give."""
    head, together = people.seats.head, people.home == people.home[people.seats.head]
    mailbox = together & hits(rng, len(head), ONE_MAILBOX)
    number = together & hits(rng, len(head), ONE_NUMBER)
    return replace(
        people,
        email=np.where(mailbox, people.email[head], people.email),
        second_email=np.where(mailbox, "", people.second_email),
        mobile=np.where(number, people.mobile[head], people.mobile),
        former_mobile=np.where(number, people.former_mobile[head], people.former_mobile),
        mobile_changed_on=np.where(number, people.mobile_changed_on[head], people.mobile_changed_on),
    )


def _with_recycled_numbers(
    rng: Generator, people: People, homes: Homes, store: Index, count: int
) -> tuple[People, Pairs]:
    """Some give up their mobile number, and a stranger of the same store gets it a while later."""
    own = known(people.mobile) & ~repeated(people.mobile) & ~repeated(people.mobile[::-1])[::-1]
    order = rng.permutation(np.flatnonzero(own & (people.mobile_changed_on < 0)))
    order = order[np.argsort(store[order], kind="stable")]
    left, taker = order[: len(order) // 2 * 2].reshape(-1, 2).T
    strangers = (store[left] == store[taker]) & (
        people.seats.household[left] != people.seats.household[taker]
    )
    chosen = _some(rng, strangers & (people.country[left] == people.country[taker]), count * RECYCLED)
    left, taker = left[chosen], taker[chosen]
    mobile, former = people.mobile.copy(), people.former_mobile.copy()
    changed = people.mobile_changed_on.copy()
    day = rng.integers(FIRST_DAY + 4 * 365, LAST_DAY - 3 * 365, len(left))
    former[left], former[taker] = mobile[left], mobile[taker]
    mobile[taker] = mobile[left]
    mobile[left] = draw_mobiles(rng, homes.place[people.home[left]], people.country[left])
    changed[left], changed[taker] = day, day + IDLE_DAYS
    people = replace(people, mobile=mobile, former_mobile=former, mobile_changed_on=changed)
    return people, _rows(zip(left, taker, strict=True))


def _some(rng: Generator, fits: Mask, many: float) -> Index:
    rows = np.flatnonzero(fits)
    return np.sort(rng.permutation(rows)[: round(many)])


def _namesakes(people: People) -> Pairs:
    seats = people.seats
    same = (people.given == people.given[seats.head]) & (people.family == people.family[seats.head])
    sons = np.flatnonzero(seats.child & same)
    return _rows(zip(seats.head[sons], sons, strict=True))


def _twins(people: People) -> Pairs:
    younger = np.flatnonzero(people.seats.twin)
    return _rows(zip(younger - 1, younger, strict=True))


def _rows(pairs: Iterable[tuple[np.int64, np.int64]]) -> Pairs:
    return tuple((int(one), int(other)) for one, other in pairs)
