"""contrast: two partitions of the same records → where they differ, in clusters and in pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Contrast", "contrast"]

Labels = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Contrast:
    """Clusters of the first partition that are the same in the second, became part of a larger one, came apart, or
    both; pairs that are together in both, or in one only; largest clusters; and places of records concerned."""

    unchanged: int
    merged: int
    split: int
    overlapping: int
    pairs_in_both: int
    pairs_in_first_only: int
    pairs_in_second_only: int
    largest_first: int
    largest_second: int
    concerned: tuple[int, ...]


def contrast(first: Labels, second: Labels) -> Contrast:
    """Return how two partitions (a label per record) of the same records differ; up to 20 records concerned."""
    cells, at, shared = np.unique(
        first.astype(np.int64) << 32 | second, return_inverse=True, return_counts=True
    )
    one, other = cells >> 32, cells & 0xFFFFFFFF
    one_sizes, other_sizes = np.bincount(first), np.bincount(second)
    splits = np.bincount(one, minlength=len(one_sizes)) > 1
    grown = shared < other_sizes[other]
    merges = np.bincount(one[grown], minlength=len(one_sizes)) > 0
    there = one_sizes > 0
    both = _pairs(shared)
    differs = (splits | merges)[one]
    return Contrast(
        unchanged=int((there & ~splits & ~merges).sum()),
        merged=int((there & ~splits & merges).sum()),
        split=int((there & splits & ~merges).sum()),
        overlapping=int((there & splits & merges).sum()),
        pairs_in_both=both,
        pairs_in_first_only=_pairs(one_sizes) - both,
        pairs_in_second_only=_pairs(other_sizes) - both,
        largest_first=int(one_sizes.max(initial=0)),
        largest_second=int(other_sizes.max(initial=0)),
        concerned=tuple(np.flatnonzero(differs[at])[:20].tolist()),
    )


def _pairs(sizes: NDArray[np.int64]) -> int:
    return int((sizes * (sizes - 1) // 2).sum())
