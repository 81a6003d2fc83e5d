"""E-mail addresses, already reduced to the mailbox they reach."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import OSA

from identity.comparators.base import Comparator, Levels, edits, first_true

__all__ = ["EMAIL"]

SAME_LOCAL, CLOSE, DIFFERENT = 2, 3, 4


def _one(left: str, right: str) -> int:
    ours, theirs = left.rpartition("@")[0], right.rpartition("@")[0]
    if ours == theirs:
        return SAME_LOCAL
    return CLOSE if OSA.distance(left, right, score_cutoff=2) <= 2 else DIFFERENT


def _many(left: Sequence[str], right: Sequence[str]) -> Levels:
    pairs = zip(left, right, strict=True)
    same_local = np.fromiter((a.rpartition("@")[0] == b.rpartition("@")[0] for a, b in pairs), np.bool_, len(left))
    return first_true([(same_local, SAME_LOCAL), (edits(left, right, 2) <= 2, CLOSE)], DIFFERENT)


EMAIL = Comparator("email", ("exact", "same_local_part", "close", "different"), _one, _many)
