"""What was merged wrongly: how many pairs of records, of how many, and what tempted to it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from identity.model.record import RecordKey
from identity.steps.evaluate import Accuracy, evaluate
from tests.overmerge.world import NEAREST_FIRST, OTHER, Pair, World

__all__ = ["Merged", "groups", "merged"]


@dataclass(frozen=True, slots=True)
class Merged:
    """The pairs of records of different people that share a profile, each under its nearest temptation.

    `together` counts all pairs that share a profile, `apart_in_truth` all pairs of records of different people,
    `tempting` those of them that something tempts to merge.
    """

    wrong: Mapping[Pair, str]
    together: int
    apart_in_truth: int
    tempting: Mapping[str, int]
    accuracy: Accuracy

    @property
    def of_profiles(self) -> float:
        """Of all pairs that share a profile, the share that are of different people: 1 - precision."""
        return len(self.wrong) / self.together

    @property
    def of_possible(self) -> float:
        """Of all pairs of records of different people there are, the share that shares a profile."""
        return len(self.wrong) / self.apart_in_truth

    @property
    def of_tempting(self) -> float:
        """Of the tempting pairs, the share that gave in."""
        return sum(kind != OTHER for kind in self.wrong.values()) / sum(self.tempting.values())

    @property
    def by_temptation(self) -> dict[str, int]:
        counted = Counter(self.wrong.values())
        return {kind: counted[kind] for kind in (*NEAREST_FIRST, OTHER)}


def merged(world: World, profiles: Mapping[RecordKey, str]) -> Merged:
    """Judge the profile of each record against the truth. Every record of the set must have one."""
    people, homes = world.people, [profiles[key] for key in keys(world)]
    wrong = {
        pair: world.tempting.get(pair, OTHER)
        for rows in groups(homes)
        for pair in combinations(rows, 2)
        if people[pair[0]] != people[pair[1]]
    }
    accuracy = evaluate(_labels(homes), _labels(people))
    every = len(people) * (len(people) - 1) // 2
    return Merged(
        wrong, accuracy.found_pairs, every - accuracy.true_pairs, Counter(world.tempting.values()), accuracy
    )


def keys(world: World) -> list[RecordKey]:
    """The key of each row."""
    columns = (world.records[name].to_pylist() for name in ("source", "source_record_id"))
    return [RecordKey(source, record) for source, record in zip(*columns, strict=True)]


def groups(labels: Sequence[str]) -> list[list[int]]:
    """The rows under each label, in order."""
    found: dict[str, list[int]] = defaultdict(list)
    for row, label in enumerate(labels):
        found[label].append(row)
    return list(found.values())


def _labels(names: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)
