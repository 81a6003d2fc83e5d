"""Addresses ("house|street"), postcodes and cities."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, Indel
from rapidfuzz.process import cpdist

from identity.comparators.base import Comparator, Levels, edits, first_true

__all__ = ["ADDRESS", "CITY", "POSTCODE"]

SIMILAR, SAME_STREET, DIFFERENT = 2, 3, 4
ONE_EDIT, SAME_AREA = 2, 3
CLOSE, FAIR = 2, 3
_SIMILAR_STREET = 0.80


def _house(address: str) -> str:
    return address.partition("|")[0]


@lru_cache(maxsize=1 << 18)
def _street_key(address: str) -> str:
    """The words of the street in alphabetical order without blanks: word order and spacing vary, letters less."""
    return "".join(sorted(address.partition("|")[2].split()))


def _same_house(left: str, right: str) -> bool:
    ours, theirs = _house(left), _house(right)
    return not ours or not theirs or ours == theirs


def _address(left: str, right: str) -> int:
    similarity = Indel.normalized_similarity(_street_key(left), _street_key(right), score_cutoff=_SIMILAR_STREET)
    if similarity < _SIMILAR_STREET:
        return DIFFERENT
    return SIMILAR if _same_house(left, right) else SAME_STREET


def _address_many(left: Sequence[str], right: Sequence[str]) -> Levels:
    houses = np.fromiter((_same_house(a, b) for a, b in zip(left, right, strict=True)), np.bool_, len(left))
    similar = _street_similarity([_street_key(a) for a in left], [_street_key(b) for b in right]) >= _SIMILAR_STREET
    return first_true([(similar & houses, SIMILAR), (similar, SAME_STREET)], DIFFERENT)


def _street_similarity(left: Sequence[str], right: Sequence[str]) -> NDArray[np.float64]:
    similarity: NDArray[np.float64] = cpdist(
        left, right, scorer=Indel.normalized_similarity, score_cutoff=_SIMILAR_STREET, dtype=np.float64, workers=-1
    )
    return similarity


def _postcode(left: str, right: str) -> int:
    if OSA.distance(left, right, score_cutoff=1) <= 1:
        return ONE_EDIT
    return SAME_AREA if left[:3] == right[:3] else DIFFERENT


def _postcode_many(left: Sequence[str], right: Sequence[str]) -> Levels:
    area = np.fromiter((a[:3] == b[:3] for a, b in zip(left, right, strict=True)), np.bool_, len(left))
    return first_true([(edits(left, right, 1) <= 1, ONE_EDIT), (area, SAME_AREA)], DIFFERENT)


def _city(left: str, right: str) -> int:
    distance = OSA.distance(left, right, score_cutoff=2)
    if distance <= 2 and min(len(left), len(right)) > 3:
        return CLOSE
    return FAIR if _shares_word(left, right) else DIFFERENT


def _city_many(left: Sequence[str], right: Sequence[str]) -> Levels:
    long = np.fromiter((min(len(a), len(b)) > 3 for a, b in zip(left, right, strict=True)), np.bool_, len(left))
    shared = np.fromiter((_shares_word(a, b) for a, b in zip(left, right, strict=True)), np.bool_, len(left))
    return first_true([((edits(left, right, 2) <= 2) & long, CLOSE), (shared, FAIR)], DIFFERENT)


def _shares_word(left: str, right: str) -> bool:
    return any(len(word) > 3 and word in right.split() for word in left.split())


ADDRESS = Comparator("address", ("exact", "similar", "same_street", "different"), _address, _address_many)
POSTCODE = Comparator("postcode", ("exact", "one_edit", "same_area", "different"), _postcode, _postcode_many)
CITY = Comparator("city", ("exact", "close", "fair", "different"), _city, _city_many)
