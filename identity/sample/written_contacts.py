"""E-mail addresses and telephone numbers as the systems hold them."""

from typing import Final

import numpy as np

from identity.sample.columns import (
    Chance,
    Column,
    Generator,
    Index,
    amend,
    hits,
    known,
    per_source,
)
from identity.sample.entries import Entries
from identity.sample.people import People
from identity.sample.phones import write_phones
from identity.sample.rates import (
    CONTACT_OF_HOUSEHOLD_HEAD,
    DOMAIN_TYPO,
    EMAIL_CAPITALS,
    EMAIL_TYPO,
    GMAIL_VARIANT,
    PHONE_TYPO,
    USES_FAMILY_EMAIL,
    USES_LANDLINE,
    USES_SECOND_EMAIL,
)
from identity.sample.spelling import mistype, mistype_digits

DOMAIN_SLIPS: Final = {
    "gmail.com": ("gmial.com", "gmail.con", "gmai.com", "gmail.co", "gamil.com", "gnail.com"),
    "yahoo.com": ("yaho.com", "yahoo.con", "yahooo.com"),
    "hotmail.com": ("hotmial.com", "hotmail.co", "hotmal.com"),
    "outlook.com": ("outlok.com", "outlook.con"),
    "icloud.com": ("iclod.com", "icloud.con"),
    "gmx.de": ("gmx.d", "gmx.net"),
    "web.de": ("web.e", "wep.de"),
}


def speakers(rng: Generator, people: People, entries: Entries) -> Index:
    """Whose contact is given: nearly always one's own, now and then that of the head of the household."""
    heads = people.seats.head[entries.person]
    return np.where(hits(rng, len(heads), CONTACT_OF_HOUSEHOLD_HEAD), heads, entries.person)


def write_emails(rng: Generator, people: People, entries: Entries, speaker: Index) -> Column:
    rows, source = len(speaker), entries.source
    email = _chosen_email(rng, people, speaker)
    slip = rng.random(rows), rng.random(rows), rng.integers(0, 1000, rows)
    email = amend(email, hits(rng, rows, per_source(EMAIL_TYPO, source)), _mistype_local, *slip)
    email = amend(email, hits(rng, rows, per_source(DOMAIN_TYPO, source)), _mistype_domain, slip[2])
    email = amend(email, hits(rng, rows, GMAIL_VARIANT), _gmail_variant, slip[2])
    return amend(email, hits(rng, rows, EMAIL_CAPITALS), _capitals, slip[2])


def _chosen_email(rng: Generator, people: People, speaker: Index) -> Column:
    rows = len(speaker)
    first, second, family = (c[speaker] for c in (people.email, people.second_email, people.family_email))
    use_second = known(second) & (hits(rng, rows, USES_SECOND_EMAIL) | ~known(first))
    email = np.where(use_second, second, first)
    return np.where(known(family) & hits(rng, rows, USES_FAMILY_EMAIL), family, email)


def write_numbers(rng: Generator, people: People, entries: Entries, speaker: Index) -> Column:
    rows = len(speaker)
    mobile, former, landline = (c[speaker] for c in (people.mobile, people.former_mobile, people.landline))
    number = np.where(entries.observed < people.mobile_changed_on[speaker], former, mobile)
    rate: Chance = np.where(known(number), per_source(USES_LANDLINE, entries.source), 1.0)
    number = np.where(known(landline) & hits(rng, rows, rate), landline, number)
    wrong = hits(rng, rows, per_source(PHONE_TYPO, entries.source))
    chance = rng.random(rows), rng.random(rows), rng.integers(0, 1000, rows)
    return write_phones(rng, amend(number, wrong, mistype_digits, *chance), entries.country, entries.source)


def _mistype_local(email: str, kind: float, place: float, key: int) -> str:
    local, _, domain = email.partition("@")
    return f"{mistype(local, kind, place, key)}@{domain}"


def _mistype_domain(email: str, choice: int) -> str:
    local, _, domain = email.partition("@")
    wrong = DOMAIN_SLIPS.get(domain, (domain,))
    return f"{local}@{wrong[choice % len(wrong)]}"


def _gmail_variant(email: str, choice: int) -> str:
    """The same mailbox in other letters: a dot more or less, a plus tag, the old domain."""
    local, _, domain = email.partition("@")
    if domain != "gmail.com":
        return email
    cut = 1 + choice % max(len(local) - 1, 1)
    tag = ("shop", "store", "news", "rewards")[choice // 4 % 4]
    undotted = local.replace(".", "") if "." in local else f"{local[:cut]}.{local[cut:]}".rstrip(".")
    forms = (f"{undotted}@{domain}", f"{local}+{tag}@{domain}", f"{local}@googlemail.com")
    return forms[choice % len(forms)]


def _capitals(email: str, choice: int) -> str:
    return email.upper() if choice % 3 == 0 else email[0].upper() + email[1:]
