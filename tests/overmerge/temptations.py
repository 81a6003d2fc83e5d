"""Values of nobody on the records of many: a store's phone and e-mail, a cashier's card, what a kiosk fills in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from identity.sample.columns import Column, Generator, Mask, column, each, hits, known, pick, pick_text
from identity.sample.phones import draw_landlines, write_phones
from identity.sample.records import LOYALTY, NO_EMAILS, NO_PHONES, POS, Records
from identity.sample.written_dates import write_births
from identity.sample.written_names import write_names
from tests.overmerge.crowd import Crowd

STORE_PHONE: Final = 0.05
STORE_EMAIL: Final = 0.02
CASHIERS_CARD: Final = 0.02
KIOSK: Final = 0.03
"""Shares of all records."""
CASHIERS: Final = (0.75, 0.25)
"""How often each cashier of a store lends the own card."""
BIRTHDAY_ADDED: Final = 0.6
NAMESAKES_BIRTHDAY_ADDED: Final = 0.95
GIVEN_NAME_ADDED: Final = 0.95
"""Of the records that lack the birth date, of those of fathers and sons of one name, and of those of people with
relatives that lack the given name: how many learn it after all. Without either nobody could tell relatives apart."""


@dataclass(frozen=True, slots=True)
class Tempted:
    """Records with values of nobody. `full_name` stands on those that know no parts; `by` flags rows per temptation;
    `nobodys` are a store's phones, e-mails and cards as they are written."""

    records: Records
    full_name: Column
    by: Mapping[str, Mask]
    nobodys: Mapping[str, frozenset[str]]


def tempt(rng: Generator, records: Records, crowd: Crowd) -> Tempted:
    """Put a store's values into exactly their shares of the records; tills and member forms take them down."""
    source = records.entries.source
    till, in_store = source == POS, np.isin(source, (POS, LOYALTY))
    records = _asked_again(rng, records, crowd)
    cards, lent = _cashiers_cards(rng, records, crowd)
    mails = column(f"info@store{store + 1:02d}.hartwellstores.com" for store in range(len(crowd.store_place)))
    by = {
        "store_phone": _share(rng, in_store, STORE_PHONE),
        "store_email": _share(rng, in_store, STORE_EMAIL),
        "cashiers_card": _share(rng, till & known(lent), CASHIERS_CARD),
    }
    by["kiosk"] = _share(rng, till & ~np.any(list(by.values()), axis=0), KIOSK)
    phones = _store_phones(rng, records, crowd)
    written = replace(
        records,
        phone=np.where(by["store_phone"], phones, records.phone),
        email=np.where(by["store_email"], mails[records.entries.store], records.email),
        loyalty_id=np.where(by["cashiers_card"], lent, records.loyalty_id),
    )
    nobodys = {
        "phone": frozenset(phones[by["store_phone"]].tolist()),
        "email": frozenset(mails.tolist()),
        "loyalty_id": cards,
    }
    return _at_kiosks(rng, written, by, nobodys)


def _share(rng: Generator, fits: Mask, share: float) -> Mask:
    """That share of all rows, out of those that fit."""
    rows = np.flatnonzero(fits)
    chosen = np.zeros(len(fits), dtype=np.bool_)
    chosen[rng.permutation(rows)[: round(share * len(fits))]] = True
    return chosen


def _asked_again(rng: Generator, records: Records, crowd: Crowd) -> Records:
    """Most of what relatives can be told apart by is known after all."""
    person, rows = records.entries.person, len(records.entries.person)
    namesake = np.isin(person, np.array(crowd.namesakes).ravel())
    birthday = hits(rng, rows, np.where(namesake, NAMESAKES_BIRTHDAY_ADDED, BIRTHDAY_ADDED))
    named = hits(rng, rows, GIVEN_NAME_ADDED) & (crowd.people.seats.size > 1)[person]
    births = write_births(rng, crowd.people, records.entries)
    given, _ = write_names(rng, crowd.people, records.entries)
    return replace(
        records,
        birth_date=np.where(~known(records.birth_date) & birthday, births, records.birth_date),
        given_name=np.where(~known(records.given_name) & named, given, records.given_name),
    )


def _store_phones(rng: Generator, records: Records, crowd: Crowd) -> Column:
    """The number of each row's store, written as people write numbers."""
    country = crowd.people.country[np.unique(crowd.store, return_index=True)[1]]
    numbers = draw_landlines(rng, crowd.store_place, country)
    store = records.entries.store
    return write_phones(rng, numbers[store], country[store], records.entries.source)


def _cashiers_cards(rng: Generator, records: Records, crowd: Crowd) -> tuple[frozenset[str], Column]:
    """The cards of each store's cashiers, who are its members like others, and the one each row would be lent."""
    member, store = records.entries.source == LOYALTY, records.entries.store
    cards = np.full((len(crowd.store_place), len(CASHIERS)), "", dtype=np.object_)
    for number in range(len(cards)):
        own = rng.permutation(records.loyalty_id[member & (store == number)])[: len(CASHIERS)]
        cards[number, : len(own)] = own
    lent: Column = cards[store, pick(rng, len(store), CASHIERS)]
    return frozenset(cards.ravel().tolist()) - {""}, lent


def _at_kiosks(
    rng: Generator, records: Records, by: Mapping[str, Mask], nobodys: Mapping[str, frozenset[str]]
) -> Tempted:
    """Kiosks ask for a name in one field, and people fill in anything to get past the rest."""
    at, rows = by["kiosk"], len(records.phone)
    whole = each(lambda given, family: f"{given} {family}".strip(), records.given_name, records.family_name)
    return Tempted(
        replace(
            records,
            given_name=np.where(at, "", records.given_name),
            family_name=np.where(at, "", records.family_name),
            email=np.where(at, pick_text(rng, rows, NO_EMAILS), records.email),
            phone=np.where(at, pick_text(rng, rows, NO_PHONES), records.phone),
        ),
        np.where(at, whole, ""),
        by,
        nobodys,
    )
