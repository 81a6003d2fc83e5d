"""estimate: labels of a stratified sample → how right the links are, with what is not known said in an interval.

The estimate weighs each stratum's share of true pairs by its size (Cochran, Sampling Techniques, 1977, chapter 5).
The interval puts together exact binomial limits (Clopper and Pearson, Biometrika 26, 1934): of each stratum, draws from
Beta(y, n − y + 1) bound the share of true pairs from below and draws from Beta(y + 1, n − y) from above, where y of n
labels say yes (confidence structures: Balch, Int. J. Approximate Reasoning 53, 2012). What was labelled is known; only
the rest is drawn, so that the interval closes when nothing is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Estimate", "Estimates", "Stratum", "allotted", "estimate"]

_DRAWS = 4_000
_SEED = 20
_TAILS = (0.025, 0.975)

Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stratum:
    """Pairs that are alike: so many in all, so many labelled, so many of those the same person. `together`: they are in
    one profile."""

    name: str
    together: bool
    pairs: int
    labelled: int
    same: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share, and the limits it is within with 95 % confidence or more. No value where a stratum has no label yet, or
    where there is nothing to have a share of."""

    value: float | None
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Estimates:
    """`precision`: of the linked pairs in one profile, how many are one person. `recall`: of the linked pairs that are
    one person, how many are in one profile. Pairs that were never linked are in neither."""

    precision: Estimate
    recall: Estimate


def estimate(strata: Sequence[Stratum]) -> Estimates:
    """Return what the labels tell. The same labels give the same figures."""
    low, high = _drawn(strata)
    together = np.array([stratum.together for stratum in strata], np.bool_)
    pairs = np.array([stratum.pairs for stratum in strata], np.float64)
    likely = _likely(strata)
    merged = np.full(_DRAWS, pairs[together].sum())
    return Estimates(
        _estimate(
            (low[together].sum(axis=0), merged),
            (high[together].sum(axis=0), merged),
            (likely[together].sum(), merged[:1].sum()),
        ),
        # The fewer true pairs are together and the more are apart, the lower is recall.
        _estimate(
            (low[together].sum(axis=0), low[together].sum(axis=0) + high[~together].sum(axis=0)),
            (high[together].sum(axis=0), high[together].sum(axis=0) + low[~together].sum(axis=0)),
            (likely[together].sum(), likely.sum()),
        ),
    )


def allotted(sizes: Sequence[int], wanted: int) -> list[int]:
    """Return how many of each stratum to draw: equally many, in so far as there are, and `wanted` in all."""
    drawn = [0] * len(sizes)
    while (open_ := [at for at, size in enumerate(sizes) if drawn[at] < size]) and sum(drawn) < wanted:
        each = max(1, (wanted - sum(drawn)) // len(open_))
        for at in open_:
            drawn[at] += min(each, sizes[at] - drawn[at], wanted - sum(drawn))
    return drawn


def _drawn(strata: Sequence[Stratum]) -> tuple[Draws, Draws]:
    """Return draws of how many pairs of each stratum are one person: bounds from below and from above."""
    chance = np.random.default_rng(_SEED)
    low, high = np.zeros((len(strata), _DRAWS)), np.zeros((len(strata), _DRAWS))
    for at, stratum in enumerate(strata):
        yes, no, rest = stratum.same, stratum.labelled - stratum.same, stratum.pairs - stratum.labelled
        least = chance.beta(yes, no + 1, _DRAWS) if yes else np.zeros(_DRAWS)
        most = chance.beta(yes + 1, no, _DRAWS) if no else np.ones(_DRAWS)
        low[at] = yes + chance.binomial(rest, least)
        high[at] = yes + chance.binomial(rest, most)
    return low, high


def _likely(strata: Sequence[Stratum]) -> Draws:
    """Return how many pairs of each stratum are one person, as its labels have it; NaN without any."""
    return np.array(
        [
            stratum.pairs * stratum.same / stratum.labelled
            if stratum.labelled
            else (np.nan if stratum.pairs else 0.0)
            for stratum in strata
        ]
    )


def _estimate(low: tuple[Draws, Draws], high: tuple[Draws, Draws], likely: tuple[float, float]) -> Estimate:
    value = float(likely[0] / likely[1]) if likely[1] > 0 and not np.isnan(likely[0]) else None
    lower = float(np.quantile(_shares(*low, nothing=0.0), _TAILS[0]))
    upper = float(np.quantile(_shares(*high, nothing=1.0), _TAILS[1]))
    if value is None:
        return Estimate(None, lower, upper)
    return Estimate(value, min(lower, value), max(upper, value))


def _shares(part: Draws, whole: Draws, *, nothing: float) -> Draws:
    shares: Draws = np.divide(part, whole, out=np.full(len(part), nothing), where=whole > 0)
    return shares
