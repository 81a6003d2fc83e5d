"""Given and family names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler

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
    jaro_winkler,
)
from identity.model.vocabulary import COMPARATOR_LEVELS

__all__ = ["FAMILY_NAME", "SWAPPED", "Nicknames", "given_name"]

NICKNAME, CLOSE, INITIAL, FAIR, DIFFERENT, SWAPPED = 2, 3, 4, 5, 6, 7
FAMILY_CLOSE, FAMILY_CONTAINS, FAMILY_FAIR, FAMILY_DIFFERENT = 2, 3, 4, 5
AGREEING = (1, FAMILY_CLOSE)
_CLOSE, _FAIR = 0.92, 0.84
_NO_GROUPS: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Nicknames:
    """Which names may be called by each other. Part of the rules: a retailer's country decides the list."""

    groups: Mapping[str, frozenset[int]]
    formal_names: Mapping[str, str]

    @classmethod
    def of(cls, groups: Sequence[Sequence[str]]) -> Nicknames:
        """Build from groups of names, the formal one first; a name may stand in several."""
        members: dict[str, set[int]] = {}
        # A name that heads a group is formal itself, whatever other groups it stands in.
        formal = {group[0]: group[0] for group in groups}
        for number, group in enumerate(groups):
            for name in group:
                members.setdefault(name, set()).add(number)
                formal.setdefault(name, group[0])
        return cls({name: frozenset(numbers) for name, numbers in members.items()}, formal)

    def formal(self, name: str) -> str:
        """Return the formal name that `name` is filed under: one of possibly several, always the same one."""
        return self.formal_names.get(name, name)

    def alike(self, left: str, right: str) -> bool:
        """Say whether two names stand in one group."""
        # Most names have no nickname: asking for the left one first spares the set operation.
        ours = self.groups.get(left)
        return ours is not None and not ours.isdisjoint(self.groups.get(right, _NO_GROUPS))


def _given(nicknames: Nicknames, left: str, right: str) -> int:
    if nicknames.alike(left, right):
        return NICKNAME
    if len(left) == 1 or len(right) == 1:
        return INITIAL if left[0] == right[0] else DIFFERENT
    similarity = JaroWinkler.similarity(left, right, score_cutoff=_FAIR)
    if similarity >= _CLOSE or OSA.distance(left, right, score_cutoff=1) <= 1:
        return CLOSE
    return FAIR if similarity >= _FAIR else DIFFERENT


@dataclass(frozen=True, slots=True)
class _GivenNames:
    texts: Texts
    nicknamed: Flags
    initial: NDArray[np.int64]
    is_letter: Flags


def _prepare_given(nicknames: Nicknames, values: Sequence[str]) -> _GivenNames:
    return _GivenNames(
        as_texts(values),
        np.fromiter((value in nicknames.groups for value in values), np.bool_, len(values)),
        equal_codes([value[:1] for value in values]),
        np.fromiter((len(value) == 1 for value in values), np.bool_, len(values)),
    )


def _given_many(nicknames: Nicknames, names: _GivenNames, first: Codes, second: Codes) -> Levels:
    letters = names.is_letter[first] | names.is_letter[second]
    similarity = jaro_winkler(names.texts, first, second, _FAIR)
    return first_true(
        [
            (_alike_many(nicknames, names, first, second), NICKNAME),
            (letters & (names.initial[first] == names.initial[second]), INITIAL),
            (letters, DIFFERENT),
            ((similarity >= _CLOSE) | (edits(names.texts, first, second, 1) <= 1), CLOSE),
            (similarity >= _FAIR, FAIR),
        ],
        DIFFERENT,
    )


def _alike_many(nicknames: Nicknames, names: _GivenNames, first: Codes, second: Codes) -> Flags:
    alike = names.nicknamed[first] & names.nicknamed[second]
    some = np.flatnonzero(alike)
    pairs = zip(names.texts[first[some]], names.texts[second[some]], strict=True)
    alike[some] = np.fromiter((nicknames.alike(ours, theirs) for ours, theirs in pairs), np.bool_, len(some))
    return alike


def _family(left: str, right: str) -> int:
    similarity = JaroWinkler.similarity(left, right, score_cutoff=_FAIR)
    if similarity >= _CLOSE or OSA.distance(left, right, score_cutoff=1) <= 1:
        return FAMILY_CLOSE
    if _contains(left, right):
        return FAMILY_CONTAINS
    return FAMILY_FAIR if similarity >= _FAIR else FAMILY_DIFFERENT


@dataclass(frozen=True, slots=True)
class _FamilyNames:
    texts: Texts
    compound: Flags


def _prepare_family(values: Sequence[str]) -> _FamilyNames:
    return _FamilyNames(
        as_texts(values), np.fromiter((" " in value for value in values), np.bool_, len(values))
    )


def _family_many(names: _FamilyNames, first: Codes, second: Codes) -> Levels:
    similarity = jaro_winkler(names.texts, first, second, _FAIR)
    contains = names.compound[first] | names.compound[second]
    some = np.flatnonzero(contains)
    pairs = zip(names.texts[first[some]], names.texts[second[some]], strict=True)
    contains[some] = np.fromiter((_contains(ours, theirs) for ours, theirs in pairs), np.bool_, len(some))
    return first_true(
        [
            ((similarity >= _CLOSE) | (edits(names.texts, first, second, 1) <= 1), FAMILY_CLOSE),
            (contains, FAMILY_CONTAINS),
            (similarity >= _FAIR, FAMILY_FAIR),
        ],
        FAMILY_DIFFERENT,
    )


def _contains(left: str, right: str) -> bool:
    """Say whether two names share a whole part: "garcia" and "garcia lopez", but not "li" and "lin"."""
    return any(len(part) > 2 and part in right.split() for part in left.split())


def given_name(nicknames: Nicknames) -> Comparator:
    """Return the comparator of given names for one list of nicknames."""
    return Comparator(
        "given_name",
        COMPARATOR_LEVELS["given_name"],
        partial(_given, nicknames),
        partial(_prepare_given, nicknames),
        partial(_given_many, nicknames),
    )


FAMILY_NAME = Comparator(
    "family_name",
    COMPARATOR_LEVELS["family_name"],
    _family,
    _prepare_family,
    _family_many,
)
