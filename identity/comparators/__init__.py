"""The closed vocabulary of comparators: what a rules file may name, and what each level means.

A comparator is a pure function of two folded values. `level(a, b)` is the specification, used in real time;
`levels(a, b)` is the same for many unequal pairs at once, used on a population. A property test holds them equal.
Level 0 is always "missing on one side" and carries no evidence; level 1 is always "exact".
"""

from __future__ import annotations

from identity.comparators.base import MISSING, Comparator
from identity.comparators.codes import CATEGORY, IDENTIFIER, PHONE
from identity.comparators.dates import BIRTH_DATE
from identity.comparators.emails import EMAIL
from identity.comparators.names import FAMILY_NAME, SWAPPED, Nicknames, given_name
from identity.comparators.places import ADDRESS, CITY, POSTCODE

__all__ = ["MISSING", "SWAPPED", "Comparator", "Nicknames", "comparators"]

_FIXED = (FAMILY_NAME, BIRTH_DATE, EMAIL, PHONE, IDENTIFIER, ADDRESS, POSTCODE, CITY, CATEGORY)


def comparators(nicknames: Nicknames) -> dict[str, Comparator]:
    """Return every comparator by name, the given name's with this list of nicknames."""
    return {comparator.name: comparator for comparator in (given_name(nicknames), *_FIXED)}
