"""What each blocking key finds, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.engines.blocking import KeyCodes, candidate_pairs
from identity.engines.pairs import among
from identity.engines.population import ABSENT
from identity.model.match import BlockingKey
from identity.workbench import workbench

__all__ = ["Coverage", "coverage"]

_NONE = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Coverage:
    """One blocking key over a population: records that have a value for it, blocks of two and more, the largest one,
    those over the cap (they yield nothing), the pairs it proposes, and those that no other key proposes."""

    key: str
    records: int
    blocks: int
    largest: int
    over_cap: int
    pairs: NDArray[np.int64]
    alone: int


def coverage(codes: KeyCodes, keys: Sequence[BlockingKey]) -> list[Coverage]:
    """Return what each key does, in the order of the rules; keys without any value have no pairs."""
    with workbench() as connection:
        found = {key.name: candidate_pairs(codes, [key], connection) for key in keys}
    pairs, times = np.unique(np.concatenate([*found.values(), _NONE]), return_counts=True)
    once = pairs[times == 1]
    return [_counted(key, codes, found[key.name], once) for key in keys]


def _counted(
    key: BlockingKey, codes: KeyCodes, pairs: NDArray[np.int64], once: NDArray[np.int64]
) -> Coverage:
    sizes = np.array(list(_sizes(codes, key.name)), np.int64)
    several = sizes[sizes > 1]
    return Coverage(
        key.name,
        int(sizes.sum()),
        len(several),
        int(sizes.max(initial=0)),
        int((sizes > key.cap).sum()),
        pairs,
        int(among(pairs, once).sum()),
    )


def _sizes(codes: KeyCodes, name: str) -> Iterator[int]:
    if name in codes:
        held = codes[name][codes[name] != ABSENT]
        yield from np.unique(held, return_counts=True)[1].tolist()
