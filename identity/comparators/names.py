"""Given and family names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
from rapidfuzz.distance import OSA, JaroWinkler

from identity.comparators.base import Comparator, Levels, edits, first_true, jaro_winkler

__all__ = ["FAMILY_NAME", "SWAPPED", "Nicknames", "given_name"]

NICKNAME, CLOSE, INITIAL, FAIR, DIFFERENT, SWAPPED = 2, 3, 4, 5, 6, 7
FAMILY_CLOSE, FAMILY_CONTAINS, FAMILY_FAIR, FAMILY_DIFFERENT = 2, 3, 4, 5
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
        formal: dict[str, str] = {}
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


def _given_many(nicknames: Nicknames, left: Sequence[str], right: Sequence[str]) -> Levels:
    alike = np.fromiter((nicknames.alike(a, b) for a, b in zip(left, right, strict=True)), np.bool_, len(left))
    letters = np.fromiter((len(a) == 1 or len(b) == 1 for a, b in zip(left, right, strict=True)), np.bool_, len(left))
    initials = np.fromiter((a[0] == b[0] for a, b in zip(left, right, strict=True)), np.bool_, len(left))
    similarity = jaro_winkler(left, right, _FAIR)
    return first_true(
        [
            (alike, NICKNAME),
            (letters & initials, INITIAL),
            (letters, DIFFERENT),
            ((similarity >= _CLOSE) | (edits(left, right, 1) <= 1), CLOSE),
            (similarity >= _FAIR, FAIR),
        ],
        DIFFERENT,
    )


def _family(left: str, right: str) -> int:
    similarity = JaroWinkler.similarity(left, right, score_cutoff=_FAIR)
    if similarity >= _CLOSE or OSA.distance(left, right, score_cutoff=1) <= 1:
        return FAMILY_CLOSE
    if _contains(left, right):
        return FAMILY_CONTAINS
    return FAMILY_FAIR if similarity >= _FAIR else FAMILY_DIFFERENT


def _family_many(left: Sequence[str], right: Sequence[str]) -> Levels:
    similarity = jaro_winkler(left, right, _FAIR)
    contains = np.fromiter((_contains(a, b) for a, b in zip(left, right, strict=True)), np.bool_, len(left))
    return first_true(
        [
            ((similarity >= _CLOSE) | (edits(left, right, 1) <= 1), FAMILY_CLOSE),
            (contains, FAMILY_CONTAINS),
            (similarity >= _FAIR, FAMILY_FAIR),
        ],
        FAMILY_DIFFERENT,
    )


def _contains(left: str, right: str) -> bool:
    """Say whether one name is a part of the other one: "garcia" of "garcia lopez", but "li" not of "lin"."""
    if " " not in left and " " not in right:
        return False
    ours, theirs = left.split(), right.split()
    return any(len(a) > 2 and a == b for a, b in product(ours, theirs))


def given_name(nicknames: Nicknames) -> Comparator:
    """Return the comparator of given names for one list of nicknames."""
    names = ("exact", "nickname", "close", "initial", "fair", "different", "swapped")
    return Comparator("given_name", names, partial(_given, nicknames), partial(_given_many, nicknames))


FAMILY_NAME = Comparator(
    "family_name", ("exact", "close", "contains", "fair", "different"), _family, _family_many
)
