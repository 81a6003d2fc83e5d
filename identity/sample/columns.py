"""Columns of text and numbers: what every other module of the sample is written in.

A `Column` is an array of `str`; an empty string means that nothing is known.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from identity.sample.rates import PerSource

Column = npt.NDArray[np.object_]
Mask = npt.NDArray[np.bool_]
Index = npt.NDArray[np.int64]
Chance = float | npt.NDArray[np.float64]
Generator = np.random.Generator


def column(values: Iterable[str]) -> Column:
    return np.array(list(values), dtype=np.object_)


def blank(length: int) -> Column:
    return np.full(length, "", dtype=np.object_)


def each(change: Callable[..., str], *columns: npt.NDArray[np.generic] | Column) -> Column:
    """`change` applied row by row to the columns given."""
    return column(map(change, *(values.tolist() for values in columns)))


def amend(values: Column, rows: Mask, change: Callable[..., str], *more: npt.NDArray[np.generic]) -> Column:
    """A copy of `values` with `change` applied to the filled ones among `rows`."""
    chosen = np.flatnonzero(rows & known(values))
    changed = values.copy()
    changed[chosen] = each(change, values[chosen], *(extra[chosen] for extra in more))
    return changed


def known(values: Column) -> Mask:
    filled: Mask = values != ""
    return filled


def hits(rng: Generator, rows: int, rate: Chance) -> Mask:
    """True in about `rate` of the rows."""
    hit: Mask = rng.random(rows) < rate
    return hit


def per_source(rates: PerSource, source: Index) -> npt.NDArray[np.float64]:
    return np.array(rates)[source]


def pick(rng: Generator, rows: int, shares: Sequence[float]) -> Index:
    """Positions in `shares`, each as often as its share."""
    bounds = np.cumsum(shares)
    return np.searchsorted(bounds / bounds[-1], rng.random(rows), side="right").astype(np.int64)


def pick_text(rng: Generator, rows: int, choices: Sequence[str]) -> Column:
    return column(choices)[rng.integers(0, len(choices), rows)]


def repeated(values: Column) -> Mask:
    """True where a filled value already stood in an earlier row."""
    first: dict[str, int] = {}
    earliest = [first.setdefault(value, row) for row, value in enumerate(values.tolist())]
    return known(values) & np.array([row != at for at, row in enumerate(earliest)], dtype=np.bool_)


@cache
def facts(name: str) -> tuple[tuple[str, ...], ...]:
    """The lines of a list that ships with the package, split at tabs; lines that begin with # are remarks."""
    text = (files("identity.sample") / "facts" / name).read_text(encoding="utf-8")
    return tuple(tuple(line.split("\t")) for line in text.splitlines() if not line.startswith("#"))
