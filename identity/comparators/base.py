"""What every comparator is, and the vector forms of the similarities they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

__all__ = [
    "EXACT",
    "MISSING",
    "Codes",
    "Comparator",
    "Flags",
    "Levels",
    "Texts",
    "as_texts",
    "edits",
    "equal_codes",
    "first_true",
    "jaro_winkler",
    "similarities",
]

MISSING = 0
EXACT = 1
_WORTH_THREADS = 20_000

Codes = NDArray[np.int32]
Flags = NDArray[np.bool_]
Levels = NDArray[np.uint8]
Texts = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Comparator:
    """A name for rules files, its level names (from level 1), and the two forms of one function.

    `unequal(a, b)` is the level of two present, different values. For a population, `prepare(values)` works once
    on the distinct values, and `unequal_many(prepared, first, second)` returns the levels of many pairs of them,
    given as places in `values`.
    """

    name: str
    level_names: tuple[str, ...]
    unequal: Callable[[str, str], int]
    prepare: Callable[[Sequence[str]], Any]
    unequal_many: Callable[[Any, Codes, Codes], Levels]

    def level(self, left: str, right: str) -> int:
        """Return the level of two values; "" is missing."""
        if not left or not right:
            return MISSING
        return EXACT if left == right else self.unequal(left, right)


def as_texts(values: Sequence[str]) -> Texts:
    """Return `values` as an array that places can be taken from."""
    texts = np.empty(len(values), np.object_)
    texts[:] = values
    return texts


def equal_codes(values: Sequence[str]) -> NDArray[np.int64]:
    """Return a number per value, the same for equal values."""
    places: dict[str, int] = {}
    return np.fromiter((places.setdefault(value, len(places)) for value in values), np.int64, len(values))


def edits(texts: Texts, first: Codes, second: Codes, most: int) -> NDArray[np.int32]:
    """Return the edit distances (insert, delete, substitute, swap neighbours) of pairs; `most` + 1 if larger."""
    distances: NDArray[np.int32] = cpdist(
        texts[first].tolist(),
        texts[second].tolist(),
        scorer=OSA.distance,
        score_cutoff=most,
        dtype=np.int32,
        workers=_workers(len(first)),
    )
    return distances


def jaro_winkler(texts: Texts, first: Codes, second: Codes, least: float) -> NDArray[np.float64]:
    """Return the Jaro–Winkler similarities of pairs in [0, 1]; 0 where below `least`."""
    return similarities(JaroWinkler.similarity, texts, first, second, least)


def similarities(
    scorer: Callable[..., float], texts: Texts, first: Codes, second: Codes, least: float
) -> NDArray[np.float64]:
    """Return a RapidFuzz similarity of pairs in [0, 1]; 0 where below `least`."""
    # In double precision: single would put 0.84 below itself.
    result: NDArray[np.float64] = cpdist(
        texts[first].tolist(),
        texts[second].tolist(),
        scorer=scorer,
        score_cutoff=least,
        dtype=np.float64,
        workers=_workers(len(first)),
    )
    return result


def _workers(pairs: int) -> int:
    # Starting threads takes longer than comparing a few hundred pairs.
    return -1 if pairs > _WORTH_THREADS else 1


def first_true(choices: Sequence[tuple[Flags, int]], otherwise: int) -> Levels:
    """Return per element the level of the first condition that holds, as an `if … elif … else` would."""
    return np.select(
        [condition for condition, _ in choices], [level for _, level in choices], otherwise
    ).astype(np.uint8)
