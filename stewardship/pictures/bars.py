"""Columns and shares: how many of each, and how sure an estimate is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Column", "Columns", "Interval", "columns", "interval"]

_WIDTH, _HEIGHT, _FOOT = 640, 180, 22


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Columns:
    columns: Sequence[Column]
    width: int
    height: int
    foot: int
    most: int
    every: int
    """So many columns from one name below to the next."""


def columns(counts: Mapping[str, int]) -> Columns:
    """Return where columns stand, in the order given."""
    most = max(counts.values(), default=0)
    step = _WIDTH / max(len(counts), 1)
    room = _HEIGHT - _FOOT - 18
    made = [
        Column(
            name, count, round(place * step + step * 0.15, 1), round(18 + room * (1 - count / (most or 1)), 1),
            round(step * 0.7, 1), round(room * count / (most or 1), 1),
        )
        for place, (name, count) in enumerate(counts.items())
    ]  # fmt: skip
    return Columns(made, _WIDTH, _HEIGHT, _FOOT, most, max(1, len(counts) // 8))


@dataclass(frozen=True, slots=True)
class Interval:
    """A share with its limits, on a scale from `begin` to 1."""

    value: float | None
    lower: float
    upper: float
    begin: float
    low: float
    high: float
    at: float | None


def interval(value: float | None, lower: float, upper: float, width: float = 320) -> Interval:
    """Return where a share and its limits are on a line of this width, which begins where something is to be seen."""
    begin = max(0.0, int(lower * 10) / 10 - 0.1)
    scale = width / max(1.0 - begin, 1e-9)
    at = None if value is None else round((value - begin) * scale, 1)
    return Interval(
        value, lower, upper, begin, round((lower - begin) * scale, 1), round((upper - begin) * scale, 1), at
    )
