"""Personal names: given, middle and family name, freed of titles, case, accents and placeholders."""

from __future__ import annotations

from functools import lru_cache

from identity.features.text import words

__all__ = ["GENERATIONS", "TITLES", "personal_names"]

TITLES = frozenset(
    "mr mrs ms miss mx dr prof professor rev reverend sir dame lord lady hon herr frau dott don dona sr sra srta "
    "mme mlle monsieur madame esq phd md dds baron baronet baroness earl viscount duke count countess marquess "
    "knight captain capt colonel col major maj general gen admiral lieutenant lt sergeant sgt saint".split()
)
# Titles that people are also called by, when nothing else stands in the field (Earl Jones, Don Draper, Chloe Lord).
_NAMES_TOO = frozenset(
    "earl duke baron count saint major knight general dean don dona gen hon sir lord lady dame herr sergeant marquess "
    "captain junior senior".split()
)
GENERATIONS = frozenset(
    "jr junior senior ii iii iv 1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th 11th 12th 13th 14th".split()
)
_PLACEHOLDERS = frozenset(
    "unknown unk na none nobody noname anonymous anon test tester testing x xx xxx xxxx tbd customer guest "
    "unbekannt desconocido inconnu noreply nomen nescio kunde walkin".split()
)
# Which are family names of people too: beside a given name that is none of them (Jon Tester, Na Hye-sok).
_FAMILIES_TOO = frozenset("guest kunde na tester".split())
_NOTHING = (("n", "a"), ("walk", "in"))


def personal_names(given: str | None, family: str | None, full: str | None) -> tuple[str, str, str]:
    """Return (given, middle, family) as folded text, "" where unknown.

    A full name fills what the parts lack: "Family, Given" at its comma, otherwise its last word is the family
    name. Titles and generations go; words between the first and the last given name are the middle name.
    """
    given_words, family_words = _name_words(given), _name_words(family)
    if given_words and family and not family_words:
        family_words = [word for word in words(family) if word in _FAMILIES_TOO][-1:]
    if full and not (given_words and family_words):
        full_given, full_family = _split_full_name(full)
        if not given_words and not family_words:
            given_words, family_words = full_given, full_family
        elif not family_words:
            family_words = full_family if full_family != given_words else []
        else:
            given_words = [word for word in full_given if word not in family_words]
    return (
        given_words[0] if given_words else "",
        " ".join(given_words[1:]),
        " ".join(family_words),
    )


def _name_words(text: str | None) -> list[str]:
    return list(_known_words(text)) if text else []


# A population has many people and few names.
@lru_cache(maxsize=1 << 16)
def _known_words(text: str) -> tuple[str, ...]:
    every = words(text)
    kept = tuple(word for word in every if word not in TITLES and word not in GENERATIONS)
    kept = kept or tuple(word for word in every if word in _NAMES_TOO)
    return () if kept in _NOTHING or all(word in _PLACEHOLDERS for word in kept) else kept


def _split_full_name(full: str) -> tuple[list[str], list[str]]:
    before, comma, after = full.partition(",")
    # "Smith, Jr." has a generation behind its comma, "Smith," has nothing: only there it parts the names.
    if comma and (_name_words(after) or not after.strip()):
        return _name_words(after), _name_words(before)
    kept = _name_words(full)
    return (kept[:-1], kept[-1:]) if len(kept) > 1 else (kept, [])
