"""The records: what each system holds of each person, written its way, with gaps and values of nobody."""

from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np

from identity.sample.columns import (
    Column,
    Generator,
    Index,
    Mask,
    amend,
    blank,
    column,
    hits,
    known,
    per_source,
    pick_text,
)
from identity.sample.consents import Consents, draw_consents, latest_change
from identity.sample.entries import Entries, draw_entries, person_ids, store_count, touched
from identity.sample.faults import one_in_many, planted_count
from identity.sample.homes import Homes
from identity.sample.people import People, draw_people
from identity.sample.phones import draw_landlines, write_phones
from identity.sample.rates import (
    CASHIER_CARD,
    CASHIERS_PER_STORE,
    GENDER_UNTOLD,
    GENDER_WRONG,
    KEPT_WITHOUT_CONTACT,
    MISSING,
    PLACEHOLDER_EMAIL,
    PLACEHOLDER_PHONE,
    SOURCES,
    STORE_EMAIL,
    STORE_PHONE,
    TAX_ID_TYPO,
)
from identity.sample.spelling import mistype_digits
from identity.sample.written_contacts import speakers, write_emails, write_numbers
from identity.sample.written_dates import write_births
from identity.sample.written_names import write_names
from identity.sample.written_places import write_places

POS: Final = SOURCES.index("pos")
LOYALTY: Final = SOURCES.index("loyalty")
NO_PHONES: Final = ("000-000-0000", "123456789", "1234567890", "999-999-9999", "0000000000", "N/A", "none")
NO_EMAILS: Final = (
    "test@test.com",
    "noreply@hartwellstores.com",
    "none@none.com",
    "na@na.com",
    "noemail@noemail.com",
    "no@email.com",
    "N/A",
)


@dataclass(frozen=True, slots=True)
class Records:
    """One row per record. Columns of text are empty where the system knows nothing."""

    entries: Entries
    consents: Consents
    given_name: Column
    family_name: Column
    birth_date: Column
    email: Column
    phone: Column
    street_address: Column
    city: Column
    region: Column
    postcode: Column
    country: Column
    gender: Column
    tax_id: Column
    loyalty_id: Column
    observed_at: Column
    person_id: Column
    impossible: Mask
    """The rows for which the export holds a date that does not exist; their birth date is not known."""

    def only(self, rows: Mask) -> "Records":
        """The chosen rows, in their order."""
        whole = ("entries", "consents")
        columns: dict[str, Any] = {
            f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name not in whole
        }
        return replace(self, entries=self.entries.only(rows), consents=self.consents.only(rows), **columns)


def draw_records(rng: Generator, count: int) -> Records:
    people, homes = draw_people(rng, count)
    entries = draw_entries(rng, people, homes)
    written = write_records(rng, people, homes, entries)
    return _impossible_dates(rng, _values_of_nobody(rng, written, store_count(count)), count)


def write_records(rng: Generator, people: People, homes: Homes, entries: Entries) -> Records:
    """What the systems hold of these people in these entries: slips and gaps, but values of nobody not yet."""
    count = len(people.given)
    consents = draw_consents(rng, entries, count)
    entries = touched(entries, latest_change(entries, consents))
    written = _gaps(rng, _write(rng, people, homes, entries, consents))
    return replace(written, person_id=person_ids(rng, count)[entries.person])


def _write(rng: Generator, people: People, homes: Homes, entries: Entries, consents: Consents) -> Records:
    """Every record in full."""
    speaker = speakers(rng, people, entries)
    given, family = write_names(rng, people, entries)
    places = write_places(rng, people, homes, entries)
    return Records(
        entries,
        consents,
        given,
        family,
        write_births(rng, people, entries),
        write_emails(rng, people, entries, speaker),
        write_numbers(rng, people, entries, speaker),
        places.street_address,
        places.city,
        places.region,
        places.postcode,
        places.country,
        _genders(rng, people, entries),
        _tax_ids(rng, people, entries),
        _cards(entries, len(people.given)),
        moments(entries.updated),
        blank(len(given)),
        np.zeros(len(given), dtype=np.bool_),
    )


def moments(seconds: Index) -> Column:
    """Seconds since 1970 as ISO text in UTC."""
    text = np.datetime_as_string(seconds.astype("datetime64[s]"), timezone="UTC")
    return text.astype(np.object_)


def _genders(rng: Generator, people: People, entries: Entries) -> Column:
    rows = len(entries.person)
    wrong = amend(
        people.gender[entries.person], hits(rng, rows, GENDER_WRONG), {"F": "M", "M": "F"}.__getitem__
    )
    untold = hits(rng, rows, GENDER_UNTOLD) & (entries.source == LOYALTY)
    return np.where(untold, "X", wrong)


def _tax_ids(rng: Generator, people: People, entries: Entries) -> Column:
    rows = len(entries.person)
    chance = rng.random(rows), rng.random(rows), rng.integers(0, 1000, rows)
    return amend(people.tax_id[entries.person], hits(rng, rows, TAX_ID_TYPO), mistype_digits, *chance)


def _cards(entries: Entries, people: int) -> Column:
    """Members' own numbers; elsewhere the number of the holder's oldest membership."""
    member = np.flatnonzero(entries.source == LOYALTY)
    card = blank(people)
    card[entries.person[member[::-1]]] = entries.key[member[::-1]]
    return np.where(entries.source == LOYALTY, entries.key, card[entries.person])


def _gaps(rng: Generator, full: Records) -> Records:
    """The records without what their systems do not know; few stay without any way to reach the person."""
    source = full.entries.source
    lost = {field: hits(rng, len(source), per_source(rates, source)) for field, rates in MISSING.items()}
    lost["street_address"] = lost.pop("address") | lost["city"]
    reached = known(full.email) & ~lost["email"] | known(full.phone) & ~lost["phone"]
    reached |= ~lost["street_address"] | ~lost["birth_date"]
    restored = ~reached & ~hits(rng, len(source), KEPT_WITHOUT_CONTACT)
    lost["phone"] &= ~restored
    lost["email"] &= ~(restored & ~known(full.phone))
    kept: dict[str, Any] = {field: np.where(gone, "", getattr(full, field)) for field, gone in lost.items()}
    return replace(full, **kept)


def _values_of_nobody(rng: Generator, records: Records, stores: int) -> Records:
    """Placeholders, and at the till the store's own phone, e-mail and cashier's card."""
    source, rows = records.entries.source, len(records.entries.source)
    till = source == POS
    no_phone = hits(rng, rows, per_source(PLACEHOLDER_PHONE, source))
    no_email = hits(rng, rows, per_source(PLACEHOLDER_EMAIL, source))
    phone = np.where(no_phone, pick_text(rng, rows, NO_PHONES), records.phone)
    email = np.where(no_email, pick_text(rng, rows, NO_EMAILS), records.email)
    stores_own, clerks_card = _store_phones(rng, records, stores), _cashiers(rng, records, stores)
    return replace(
        records,
        phone=np.where(till & hits(rng, rows, STORE_PHONE), stores_own, phone),
        email=np.where(
            till & hits(rng, rows, STORE_EMAIL), _store_emails(records.entries.store, stores), email
        ),
        loyalty_id=np.where(till & hits(rng, rows, CASHIER_CARD), clerks_card, records.loyalty_id),
    )


def _store_phones(rng: Generator, records: Records, stores: int) -> Column:
    """Every till writes its store's number in one way."""
    zero = np.zeros(stores, dtype=np.int64)
    numbers = draw_landlines(rng, np.arange(stores), zero)
    return write_phones(rng, numbers, zero, zero)[records.entries.store]


def _store_emails(store: Index, stores: int) -> Column:
    return column(f"store{number + 1:03d}@hartwellstores.com" for number in range(stores))[store]


def _cashiers(rng: Generator, records: Records, stores: int) -> Column:
    """The cards of each store's cashiers, who are members like others."""
    members = records.loyalty_id[records.entries.source == LOYALTY]
    if not len(members):
        return records.loyalty_id
    cards: Column = members[rng.integers(0, len(members), stores * CASHIERS_PER_STORE)]
    cashier = rng.integers(0, CASHIERS_PER_STORE, len(records.phone))
    return column(cards[records.entries.store * CASHIERS_PER_STORE + cashier].tolist())


def _impossible_dates(rng: Generator, records: Records, people: int) -> Records:
    """The rows of each source whose export will hold an impossible date; nothing is known of that date."""
    impossible = np.zeros(len(records.phone), dtype=np.bool_)
    for source in range(len(SOURCES)):
        rows = np.flatnonzero(records.entries.source == source)
        impossible[rows] = one_in_many(rng, len(rows), planted_count(len(rows), people))
    return replace(records, impossible=impossible, birth_date=np.where(impossible, "", records.birth_date))
