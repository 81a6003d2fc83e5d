"""E-mail addresses, already reduced to the mailbox they reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from identity.comparators.base import Codes, Comparator, Levels, Texts, as_texts, edits, equal_codes, first_true

__all__ = ["EMAIL"]

SAME_LOCAL, CLOSE, DIFFERENT = 2, 3, 4


def _one(left: str, right: str) -> int:
    ours, theirs = left.rpartition("@")[0], right.rpartition("@")[0]
    if ours == theirs:
        return SAME_LOCAL
    return CLOSE if OSA.distance(left, right, score_cutoff=2) <= 2 else DIFFERENT


@dataclass(frozen=True, slots=True)
class _Emails:
    texts: Texts
    local: NDArray[np.int64]


def _prepare(values: Sequence[str]) -> _Emails:
    return _Emails(as_texts(values), equal_codes([value.rpartition("@")[0] for value in values]))


def _many(emails: _Emails, first: Codes, second: Codes) -> Levels:
    return first_true(
        [
            (emails.local[first] == emails.local[second], SAME_LOCAL),
            (edits(emails.texts, first, second, 2) <= 2, CLOSE),
        ],
        DIFFERENT,
    )


EMAIL = Comparator("email", ("exact", "same_local_part", "close", "different"), _one, _prepare, _many)
