"""Rows that go wrong in an export, planted among the good ones.

An impossible date stands in a good row; every other planted row is one more, copied from a good one. Keys
leave gaps (see `entries`): the number after a good row's key is free for a row that nobody can read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np

from identity.sample.columns import Generator, Mask
from identity.sample.rates import PLANTED, PLANTED_FROM

KINDS: Final = ("missing_id", "impossible_date", "cut_short", "key_twice")

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Spoiling(Generic[Row]):
    """How one format's row loses its id, is cut short under another key, and comes again at a later time."""

    without_id: Callable[[Row], Row]
    cut_short: Callable[[Row], Row]
    again: Callable[[Row], Row]


def planted_count(rows: int, people: int) -> int:
    """How many rows of each kind a file of `rows` rows has."""
    least = 1 if people >= PLANTED_FROM and rows else 0
    return max(least, round(rows * PLANTED / len(KINDS)))


def one_in_many(rng: Generator, rows: int, count: int) -> Mask:
    """True in `count` of the rows, or in all if they are fewer."""
    chosen = np.zeros(rows, dtype=np.bool_)
    chosen[rng.permutation(rows)[:count]] = True
    return chosen


def plant(rng: Generator, rows: list[Row], count: int, spoiling: Spoiling[Row]) -> list[Row]:
    """The rows and `count` spoilt copies of each kind; a key's second row comes after its first."""
    if not count:
        return rows
    changes = (spoiling.without_id, spoiling.cut_short, spoiling.again)
    after: dict[int, list[Row]] = {}
    for change, origin in (
        (change, at) for change in changes for at in rng.integers(0, len(rows), count).tolist()
    ):
        place = int(rng.integers(origin, len(rows)))
        after.setdefault(place, []).append(change(rows[origin]))
    return [row for at, good in enumerate(rows) for row in (good, *after.get(at, ()))]


def next_number(key: str) -> str:
    return f"{int(key) + 1:0{len(key)}d}"
