"""Addresses ("house|street"), postcodes and cities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, Indel

from identity.comparators.base import (
    Codes,
    Comparator,
    Flags,
    Levels,
    Texts,
    as_texts,
    edits,
    equal_codes,
    first_true,
    similarities,
)
from identity.model.vocabulary import COMPARATOR_LEVELS

__all__ = ["ADDRESS", "CITY", "POSTCODE"]

SIMILAR, SAME_STREET, DIFFERENT = 2, 3, 4
ONE_EDIT, SAME_AREA = 2, 3
CLOSE, FAIR = 2, 3
_SIMILAR_STREET = 0.80


def _house(address: str) -> str:
    return address.partition("|")[0]


def _street_key(address: str) -> str:
    """The words of the street in alphabetical order without blanks: word order and spacing vary, letters less."""
    return "".join(sorted(address.partition("|")[2].split()))


def _address(left: str, right: str) -> int:
    similarity = Indel.normalized_similarity(
        _street_key(left), _street_key(right), score_cutoff=_SIMILAR_STREET
    )
    if similarity < _SIMILAR_STREET:
        return DIFFERENT
    ours, theirs = _house(left), _house(right)
    return SIMILAR if not ours or not theirs or ours == theirs else SAME_STREET


@dataclass(frozen=True, slots=True)
class _Addresses:
    street_keys: Texts
    house: NDArray[np.int64]
    has_house: Flags


def _prepare_addresses(values: Sequence[str]) -> _Addresses:
    houses = [_house(value) for value in values]
    return _Addresses(
        as_texts([_street_key(value) for value in values]),
        equal_codes(houses),
        np.fromiter((bool(house) for house in houses), np.bool_, len(houses)),
    )


def _address_many(addresses: _Addresses, first: Codes, second: Codes) -> Levels:
    similar = (
        similarities(Indel.normalized_similarity, addresses.street_keys, first, second, _SIMILAR_STREET)
        >= _SIMILAR_STREET
    )
    same_house = (
        (addresses.house[first] == addresses.house[second])
        | ~addresses.has_house[first]
        | ~addresses.has_house[second]
    )
    return first_true([(similar & same_house, SIMILAR), (similar, SAME_STREET)], DIFFERENT)


def _postcode(left: str, right: str) -> int:
    if OSA.distance(left, right, score_cutoff=1) <= 1:
        return ONE_EDIT
    return SAME_AREA if left[:3] == right[:3] else DIFFERENT


@dataclass(frozen=True, slots=True)
class _Postcodes:
    texts: Texts
    area: NDArray[np.int64]


def _prepare_postcodes(values: Sequence[str]) -> _Postcodes:
    return _Postcodes(as_texts(values), equal_codes([value[:3] for value in values]))


def _postcode_many(postcodes: _Postcodes, first: Codes, second: Codes) -> Levels:
    return first_true(
        [
            (edits(postcodes.texts, first, second, 1) <= 1, ONE_EDIT),
            (postcodes.area[first] == postcodes.area[second], SAME_AREA),
        ],
        DIFFERENT,
    )


def _city(left: str, right: str) -> int:
    if min(len(left), len(right)) > 3 and OSA.distance(left, right, score_cutoff=2) <= 2:
        return CLOSE
    return FAIR if _shares_word(left, right) else DIFFERENT


@dataclass(frozen=True, slots=True)
class _Cities:
    texts: Texts
    long: Flags
    compound: Flags


def _prepare_cities(values: Sequence[str]) -> _Cities:
    return _Cities(
        as_texts(values),
        np.fromiter((len(value) > 3 for value in values), np.bool_, len(values)),
        np.fromiter((" " in value for value in values), np.bool_, len(values)),
    )


def _city_many(cities: _Cities, first: Codes, second: Codes) -> Levels:
    # Two different single words share no word: only the others are worth taking apart.
    shared = cities.compound[first] | cities.compound[second]
    some = np.flatnonzero(shared)
    pairs = zip(cities.texts[first[some]], cities.texts[second[some]], strict=True)
    shared[some] = np.fromiter((_shares_word(ours, theirs) for ours, theirs in pairs), np.bool_, len(some))
    close = (edits(cities.texts, first, second, 2) <= 2) & cities.long[first] & cities.long[second]
    return first_true([(close, CLOSE), (shared, FAIR)], DIFFERENT)


def _shares_word(left: str, right: str) -> bool:
    return any(len(word) > 3 and word in right.split() for word in left.split())


ADDRESS = Comparator(
    "address",
    COMPARATOR_LEVELS["address"],
    _address,
    _prepare_addresses,
    _address_many,
)
POSTCODE = Comparator(
    "postcode",
    COMPARATOR_LEVELS["postcode"],
    _postcode,
    _prepare_postcodes,
    _postcode_many,
)
CITY = Comparator("city", COMPARATOR_LEVELS["city"], _city, _prepare_cities, _city_many)
