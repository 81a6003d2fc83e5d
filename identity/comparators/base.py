"""What every comparator is, and the vector forms of the similarities they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

__all__ = ["EXACT", "MISSING", "Comparator", "Levels", "edits", "first_true", "jaro_winkler"]

MISSING = 0
EXACT = 1

Levels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Comparator:
    """A name for rules files, its level names (from level 1), and the two forms of one function.

    `unequal(a, b)` returns the level of two present, different values. `unequal_many` is the same for aligned
    sequences of such values.
    """

    name: str
    level_names: tuple[str, ...]
    unequal: Callable[[str, str], int]
    unequal_many: Callable[[Sequence[str], Sequence[str]], Levels]

    def level(self, left: str, right: str) -> int:
        """Return the level of two values; "" is missing."""
        if not left or not right:
            return MISSING
        return EXACT if left == right else self.unequal(left, right)


def edits(left: Sequence[str], right: Sequence[str], most: int) -> NDArray[np.int32]:
    """Return the edit distances (insert, delete, substitute, swap neighbours) of aligned texts; most + 1 if larger."""
    distances: NDArray[np.int32] = cpdist(
        left, right, scorer=OSA.distance, score_cutoff=most, dtype=np.int32, workers=-1
    )
    return distances


def jaro_winkler(left: Sequence[str], right: Sequence[str], least: float) -> NDArray[np.float64]:
    """Return the Jaro–Winkler similarities of aligned texts in [0, 1]; 0 where below `least`."""
    similarities: NDArray[np.float64] = cpdist(
        left, right, scorer=JaroWinkler.similarity, score_cutoff=least, dtype=np.float64, workers=-1
    )
    return similarities


def first_true(choices: Sequence[tuple[NDArray[np.bool_], int]], otherwise: int) -> Levels:
    """Return per element the level of the first condition that holds, as an `if … elif … else` would."""
    return np.select([condition for condition, _ in choices], [level for _, level in choices], otherwise).astype(
        np.uint8
    )
