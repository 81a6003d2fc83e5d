"""Birth dates as YYYYMMDD, with "?" behind them where day and month cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.comparators.base import Codes, Comparator, Flags, Levels, first_true
from identity.model.vocabulary import COMPARATOR_LEVELS

__all__ = ["BIRTH_DATE"]

EXACT, CLOSE, YEAR_KNOWN, PARTIAL, NEAR, DIFFERENT = 1, 2, 3, 4, 5, 6

_Digits = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class _Dates:
    digits: _Digits
    ambiguous: Flags
    new_year: Flags
    year: NDArray[np.int64]


def _prepare(values: Sequence[str]) -> _Dates:
    joined = "".join(value[:8].ljust(8, "0") for value in values).encode()
    digits = (np.frombuffer(joined, np.uint8).reshape(-1, 8) - np.uint8(48)).astype(np.int16)
    return _Dates(
        digits,
        np.fromiter((len(value) > 8 for value in values), np.bool_, len(values)),
        (digits[:, 4:] == np.array([0, 1, 0, 1], np.int16)).all(axis=1),
        digits[:, :4].astype(np.int64) @ np.array([1000, 100, 10, 1]),
    )


def _many(dates: _Dates, first: Codes, second: Codes) -> Levels:
    ours, theirs = dates.digits[first], dates.digits[second]
    unlike = ours != theirs
    differing = unlike.sum(axis=1)
    same_year = ~unlike[:, :4].any(axis=1)
    same_day = ~unlike[:, 4:].any(axis=1)
    turned = (
        same_year
        & (ours[:, 4:6] == theirs[:, 6:8]).all(axis=1)
        & (ours[:, 6:8] == theirs[:, 4:6]).all(axis=1)
    )
    transposed = (differing == 2) & _neighbours_swapped(ours, theirs, unlike)
    year_only = same_year & (dates.new_year[first] | dates.new_year[second])
    ambiguous = dates.ambiguous[first] | dates.ambiguous[second]
    return first_true(
        [
            ((differing == 0) | (turned & ambiguous), EXACT),
            (((differing == 1) & ~year_only) | transposed | turned, CLOSE),
            (year_only, YEAR_KNOWN),
            (same_year | same_day | (differing == 2), PARTIAL),
            (np.abs(dates.year[first] - dates.year[second]) <= 1, NEAR),
        ],
        DIFFERENT,
    )


def _neighbours_swapped(ours: _Digits, theirs: _Digits, unlike: Flags) -> Flags:
    at = unlike.argmax(axis=1)
    rows, after = np.arange(len(at)), np.minimum(at + 1, 7)
    swapped: Flags = (ours[rows, at] == theirs[rows, after]) & (ours[rows, after] == theirs[rows, at])
    return swapped


def _one(left: str, right: str) -> int:
    ours, theirs = left[:8], right[:8]
    differing = [at for at in range(8) if ours[at] != theirs[at]]
    same_year, same_day = ours[:4] == theirs[:4], ours[4:] == theirs[4:]
    turned = same_year and ours[4:6] == theirs[6:8] and ours[6:8] == theirs[4:6]
    if not differing or (turned and len(left + right) > 16):
        return EXACT
    year_only = same_year and "0101" in (ours[4:], theirs[4:])
    if (len(differing) == 1 and not year_only) or _transposed(ours, theirs, differing) or turned:
        return CLOSE
    if year_only:
        return YEAR_KNOWN
    if same_year or same_day or len(differing) == 2:
        return PARTIAL
    return NEAR if abs(int(ours[:4]) - int(theirs[:4])) <= 1 else DIFFERENT


def _transposed(ours: str, theirs: str, differing: list[int]) -> bool:
    if len(differing) != 2 or differing[1] != differing[0] + 1:
        return False
    first, second = differing
    return ours[first] == theirs[second] and ours[second] == theirs[first]


BIRTH_DATE = Comparator(
    "birth_date",
    COMPARATOR_LEVELS["birth_date"],
    _one,
    _prepare,
    _many,
)
