"""Pairs of places in a population, and the numbers they pack into."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = [
    "Pairs",
    "Places",
    "ScoredPairs",
    "among",
    "distinct",
    "in_slices",
    "inside_groups",
    "joined",
    "pack",
    "slices",
    "unpack_pairs",
]

Places = NDArray[np.int32]
Pairs = tuple[Places, Places]

_CHUNK = 1 << 19
_THREADS = 2
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

    @property
    def packed(self) -> NDArray[np.int64]:
        """One number per pair."""
        return pack(self.left, self.right)

    def stretch(self, at: slice) -> ScoredPairs:
        """Return a stretch of the pairs, without copying."""
        return ScoredPairs(self.left[at], self.right[at], self.patterns[at], self.weights[at])

    def and_also(self, other: ScoredPairs) -> ScoredPairs:
        """Return these pairs followed by `other`."""
        return joined([self, other])


def joined(parts: Sequence[ScoredPairs]) -> ScoredPairs:
    """Return the pairs of all `parts`, one after the other."""
    if not parts:
        return ScoredPairs(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0))
    return ScoredPairs(
        np.concatenate([part.left for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.patterns for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )


def slices(length: int) -> Iterator[slice]:
    """Return the stretches in which long arrays are worked on, so that what is in between stays small."""
    return (slice(start, min(start + _CHUNK, length)) for start in range(0, length, _CHUNK))


def in_slices(length: int, kind: type[_T], work: Callable[[slice], NDArray[_T]]) -> NDArray[_T]:
    """Return the results of `work` on each stretch, joined. Much of it happens outside the interpreter's lock."""
    whole = np.empty(length, kind)

    def fill(stretch: slice) -> None:
        whole[stretch] = work(stretch)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(fill, slices(length)))
    return whole


def distinct(numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the distinct `numbers` and each one's place among them. Hashing: much faster than sorting."""
    encoded = pa.array(numbers).dictionary_encode()
    return encoded.dictionary.to_numpy(), encoded.indices.to_numpy().astype(np.int32, copy=False)


def among(numbers: NDArray[np.int64], ordered: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each number whether it is one of `ordered`, which is sorted."""
    if not len(ordered):
        return np.zeros(len(numbers), np.bool_)
    place = np.minimum(np.searchsorted(ordered, numbers), len(ordered) - 1)
    found: NDArray[np.bool_] = ordered[place] == numbers
    return found


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
