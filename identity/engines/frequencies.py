"""How common each value is among different people: what agreeing on it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.engines.population import ABSENT, Column
from identity.features.digests import digest
from identity.steps.train import STRANGERS

__all__ = ["Shares", "shares", "shares_from"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shares:
    """Per value, the chance that a random other person's record holds it; at least `rarest`.

    `chance` is that two random records of different people are equal.
    """

    by_value: Floats
    rarest: float
    chance: float


def shares(column: Column, clusters: NDArray[np.int32] | None = None) -> Shares:
    """Return the shares of `column`'s values.

    Records of one person agree because they are one person: where `clusters` (a label per record) are known, a
    record is compared with records of other clusters only. Without this, whoever has ten records makes their own
    name look ten times as common as it is.
    """
    held = column.codes != ABSENT
    codes = column.codes[held].astype(np.int64)
    total = len(codes) + STRANGERS
    counts = np.bincount(codes, minlength=len(column.values)).astype(np.float64)
    own = counts**0 if clusters is None else _own(codes, clusters[held], len(counts), counts)
    others = np.maximum(counts - own, 0.0)
    return Shares(
        np.maximum(others, 1.0) / total,
        1.0 / total,
        max(float((counts * others).sum()) / (total * (total - 1)), 1.0 / total**2),
    )


def _own(codes: NDArray[np.int64], clusters: NDArray[np.int32], values: int, counts: Floats) -> Floats:
    """Return per value how many holders a holder of it has in the same cluster on average, itself included."""
    together, sizes = np.unique(codes << 32 | clusters, return_counts=True)
    squares = np.bincount(together >> 32, sizes.astype(np.float64) ** 2, minlength=values)
    return np.asarray(squares / np.maximum(counts, 1.0))


def shares_from(column: Column, stored: Mapping[int, float], rarest: float, chance: float) -> Shares:
    """Return the shares that a stored model gives this column's values."""
    by_value = np.fromiter(
        (stored.get(digest(value), rarest) for value in column.values), np.float64, len(column.values)
    )
    return Shares(by_value, rarest, chance)
