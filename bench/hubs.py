"""What becomes of names, phones and hot keys in a population too large to make: shares by rank, not records.

Names are drawn by a Zipf–Mandelbrot law, phones are mostly a household's own and sometimes a shop's. Blocks of such
a key are Poisson; only a share for each value is held, so that a hundred million records take seconds and megabytes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

__all__ = ["simulated_hubs"]

Shares = NDArray[np.float64]

_BINS = 600
_HOLD_SECONDS = 0.01
"""How long a unit of work holds what it has claimed: the median of a record written in real time."""


def simulated_hubs(records: int = 100_000_000, writes: tuple[int, ...] = (100, 500, 2_000)) -> dict[str, Any]:
    """Return, for each kind of key, blocks over their cap, pairs a record and the largest block; and who waits."""
    start = time.perf_counter()
    given, family = _zipf(60_000, 1.05, 12.0), _zipf(2_000_000, 0.95, 30.0)
    birthday = np.full(25_000, 1 / 25_000)
    kinds: Mapping[str, tuple[Shares, Shares, int]] = {
        "family name": (*_own(family), 20),
        "given and family name": (*_both(given, family), 20),
        "family name and birth date": (*_both(family, birthday), 20),
        "given, family name, birth date": (*_product(_both(given, family), _own(birthday)), 20),
        "phone": (*_phones(records), 200),
    }
    return {
        "records": records,
        "keys": [_key(name, records, *told) for name, told in kinds.items()],
        "contention": [_waits(kinds, each) for each in writes],
        "seconds": time.perf_counter() - start,
    }


def _zipf(values: int, power: float, flat: float) -> Shares:
    shares = (np.arange(1, values + 1) + flat) ** -power
    return np.asarray(shares / shares.sum())


def _own(shares: Shares) -> tuple[Shares, Shares]:
    """Return shares in logarithmic classes, and how many values are in each: the share is the mean of its class."""
    order = np.log(shares)
    edges = np.linspace(order.min() - 1e-9, order.max() + 1e-9, _BINS + 1)
    places = np.clip(np.digitize(order, edges) - 1, 0, _BINS - 1)
    counts = np.bincount(places, minlength=_BINS).astype(float)
    sums = np.bincount(places, weights=shares, minlength=_BINS)
    kept = counts > 0
    return sums[kept] / counts[kept], counts[kept]


def _both(one: Shares, other: Shares) -> tuple[Shares, Shares]:
    return _product(_own(one), _own(other))


def _product(one: tuple[Shares, Shares], other: tuple[Shares, Shares]) -> tuple[Shares, Shares]:
    """Return the classes of two values that have nothing to do with each other."""
    shares, counts = np.outer(one[0], other[0]).ravel(), np.outer(one[1], other[1]).ravel()
    order = np.log(shares)
    places = np.minimum(((order - order.min()) / (np.ptp(order) + 1e-9) * _BINS).astype(int), _BINS - 1)
    number = np.bincount(places, weights=counts, minlength=_BINS).astype(float)
    sums = np.bincount(places, weights=counts * shares, minlength=_BINS)
    kept = number > 0
    return sums[kept] / number[kept], number[kept]


def _phones(records: int) -> tuple[Shares, Shares]:
    """Nine records in ten have a household's own phone (four records each), two in a thousand that of one of 20,000
    shops; the others have none."""
    shops, counts = _own(_zipf(20_000, 1.0, 5.0))
    return np.append(shops * 0.002, 4 / records), np.append(counts, records * 0.9 / 4)


def _key(name: str, records: int, shares: Shares, counts: Shares, cap: int) -> dict[str, Any]:
    sizes = records * shares
    within = poisson.cdf(cap, sizes)
    pairs = sizes**2 / 2 * poisson.cdf(cap - 2, sizes)
    over = counts * (1 - within)
    lost = counts * sizes * (1 - poisson.cdf(cap - 1, sizes))
    return {
        "key": name,
        "cap": cap,
        "over_cap": float(over.sum()),
        "records_over_cap": float(lost.sum()) / records,
        "pairs_per_record": float((counts * pairs).sum()) / records,
        "largest": float(sizes.max()),
    }


def _waits(kinds: Mapping[str, tuple[Shares, Shares, int]], writes: int) -> dict[str, Any]:
    """Return how often a record that is written finds its key held. Blocks far over their cap are not claimed."""
    shares, counts, _ = kinds["phone"]
    held = np.minimum(1.0, writes * _HOLD_SECONDS * shares)
    return {
        "writes_per_second": writes,
        "waits_per_record": float((counts * shares * held).sum()),
        "busiest_key": float(held.max()),
    }
