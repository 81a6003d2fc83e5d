"""Phone numbers, issued numbers and categories."""

from __future__ import annotations

import numpy as np
from rapidfuzz.distance import OSA

from identity.comparators.base import Codes, Comparator, Levels, Texts, as_texts, edits, first_true
from identity.model.vocabulary import COMPARATOR_LEVELS

__all__ = ["CATEGORY", "IDENTIFIER", "PHONE"]

ONE_EDIT, TWO_EDITS, DIFFERENT = 2, 3, 4


def _edited(left: str, right: str) -> int:
    distance = OSA.distance(left, right, score_cutoff=2)
    return (ONE_EDIT, ONE_EDIT, TWO_EDITS, DIFFERENT)[min(distance, 3)]


def _edited_many(texts: Texts, first: Codes, second: Codes) -> Levels:
    distance = edits(texts, first, second, 2)
    return first_true([(distance <= 1, ONE_EDIT), (distance == 2, TWO_EDITS)], DIFFERENT)


def _different(left: str, right: str) -> int:  # noqa: ARG001 — a comparator takes both values
    return 2


def _different_many(texts: Texts, first: Codes, second: Codes) -> Levels:  # noqa: ARG001
    return np.full(len(first), 2, np.uint8)


PHONE = Comparator("phone", COMPARATOR_LEVELS["phone"], _edited, as_texts, _edited_many)
IDENTIFIER = Comparator("identifier", COMPARATOR_LEVELS["identifier"], _edited, as_texts, _edited_many)
CATEGORY = Comparator("category", COMPARATOR_LEVELS["category"], _different, as_texts, _different_many)
