"""Pairs of places in a population, and the numbers they pack into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pairs", "Places", "ScoredPairs", "in_slices", "inside_groups", "pack", "unpack_pairs"]

Places = NDArray[np.int32]
Pairs = tuple[Places, Places]

_CHUNK = 1 << 21
_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class ScoredPairs:
    """Pairs (left place < right place) with their packed comparison patterns and, once weighed, match weights."""

    left: Places
    right: Places
    patterns: NDArray[np.int64]
    weights: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.left)

    def where(self, chosen: NDArray[np.bool_]) -> ScoredPairs:
        """Return the chosen pairs."""
        return ScoredPairs(self.left[chosen], self.right[chosen], self.patterns[chosen], self.weights[chosen])

    def and_also(self, other: ScoredPairs) -> ScoredPairs:
        """Return these pairs followed by `other`."""
        return ScoredPairs(
            np.concatenate((self.left, other.left)),
            np.concatenate((self.right, other.right)),
            np.concatenate((self.patterns, other.patterns)),
            np.concatenate((self.weights, other.weights)),
        )


def _slices(length: int) -> Iterator[slice]:
    """Return the stretches in which long arrays are worked on, so that what is in between stays small."""
    return (slice(start, min(start + _CHUNK, length)) for start in range(0, length, _CHUNK))


def in_slices(length: int, kind: type[_T], work: Callable[[slice], NDArray[_T]]) -> NDArray[_T]:
    """Return the results of `work` on each stretch, joined."""
    whole = np.empty(length, kind)
    for stretch in _slices(length):
        whole[stretch] = work(stretch)
    return whole


def pack(left: NDArray[np.int32], right: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return one number per pair that sorts like the pair."""
    return left.astype(np.int64) << 32 | right


def unpack_pairs(packed: NDArray[np.int64]) -> Pairs:
    """Return the pairs that `pack` made the numbers of."""
    return (packed >> 32).astype(np.int32), (packed & 0xFFFFFFFF).astype(np.int32)


def inside_groups(labels: NDArray[np.int32], largest: int) -> NDArray[np.int64]:
    """Return, packed, all pairs of places with the same label, but for labels held by more than `largest` places."""
    order = np.argsort(labels, kind="stable").astype(np.int32)
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    sizes = np.diff(np.append(starts, len(labels)))
    found = [np.empty(0, np.int64)]
    for size in np.unique(sizes[(sizes > 1) & (sizes <= largest)]):
        # A stable sort keeps places ascending inside each label: the smaller place comes first in every pair.
        members = order[starts[sizes == size][:, None] + np.arange(size)]
        one, other = np.triu_indices(size, 1)
        found.append(pack(members[:, one].ravel(), members[:, other].ravel()))
    return np.concatenate(found)
