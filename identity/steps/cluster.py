"""cluster: the match weights inside connected components → their clusters. Pure, and blind to the order of anything.

Clusters merge, best first, while s · (best link between them) + (1 - s) · (mean over all cross pairs) is above the
threshold. The mean keeps a single strong link from bridging two solid groups; the best link lets a poor record
join the one it resembles. Its share s therefore fades with the size of the smaller side. Ties fall to the
smallest record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from identity.model.match import PartitionRules

__all__ = ["Weights", "cluster", "cluster_many"]

Weights = NDArray[np.float64]
Places = NDArray[np.int64]
Pair = tuple[int, int]

_NEVER = -np.inf


def cluster(
    weights: Weights,
    rules: PartitionRules,
    threshold: float = 0.0,
    *,
    best_share: float | None = None,
    together: Collection[Pair] = (),
    apart: Collection[Pair] = (),
    identifiers: Mapping[str, Sequence[str]] | None = None,
) -> list[list[int]]:
    """Return the clusters of a component's records, named by their places 0 … n - 1 in key order.

    `weights` is the symmetric n × n matrix of match weights; NaN where a pair was never compared. `together` and
    `apart` are people's decisions: they hold whatever the weights say. `identifiers` gives, per identifier, the
    value of each record ("" without one): no merge may exceed `rules.distinct_values` of it. `best_share` overrides
    the rules' share (0 is plain mean linkage). Clusters are sorted, in the order of their smallest records.
    """
    if not len(weights):
        return []
    merging = _Merging(weights[None], rules, rules.best_share if best_share is None else best_share)
    for left, right in sorted(together):
        merging.join(left, right)
    merging.keep_apart(apart)
    held = {kind: values for kind, values in (identifiers or {}).items() if kind in rules.distinct_values}
    merging.run(threshold, held)
    home = merging.home[0].tolist()
    return [[place for place, at in enumerate(home) if at == first] for first in sorted(set(home))]


def cluster_many(
    weights: Weights, rules: PartitionRules, threshold: float = 0.0, *, best_share: float | None = None
) -> Places:
    """Return, for b components of n records each (b × n × n weights), each record's cluster: its smallest place.

    The same as `cluster` for each of them, all of them a merge at a time.
    """
    merging = _Merging(weights, rules, rules.best_share if best_share is None else best_share)
    merging.run(threshold, {})
    return merging.home


class _Merging:
    """The state between merges: per component and pair of clusters the sum and the best of their links, and what
    merging them is worth. A cluster stands at the place of its smallest record."""

    def __init__(self, weights: Weights, rules: PartitionRules, best_share: float) -> None:
        many, size = weights.shape[:2]
        self._rules, self._best_share = rules, best_share
        self._sum = np.clip(np.where(np.isnan(weights), rules.unscored, weights), -rules.clip, rules.clip)
        self._best = self._sum.copy()
        self._size = np.ones((many, size))
        self._never = np.zeros(weights.shape, np.bool_)
        self._never[:, np.arange(size), np.arange(size)] = True
        self.home = np.tile(np.arange(size), (many, 1))
        self._worth = np.where(self._never, _NEVER, best_share * self._best + (1 - best_share) * self._sum)

    def run(self, threshold: float, held: Mapping[str, Sequence[str]]) -> None:
        """Merge, best first, until nothing is worth more than the threshold."""
        active = np.arange(len(self._worth))
        while len(active) and self._worth.shape[1] > 1:
            flat = self._worth[active].reshape(len(active), -1)
            # The first of equal maxima: the pair with the smallest records.
            best = flat.argmax(axis=1)
            going = flat[np.arange(len(active)), best] > threshold
            active, best = active[going], best[going]
            into, gone = np.divmod(best, self._worth.shape[1])
            if held and len(active) and not self._within_limits(int(into[0]), int(gone[0]), held):
                self._forbid(active, into, gone)
            else:
                self._merge(active, into, gone)

    def join(self, left: int, right: int) -> None:
        """Merge the clusters of two records of a single component by a person's decision."""
        into, gone = sorted((int(self.home[0, left]), int(self.home[0, right])))
        if into != gone:
            self._merge(np.array([0]), np.array([into]), np.array([gone]))

    def keep_apart(self, pairs: Collection[Pair]) -> None:
        """Forbid the clusters of both records of a single component to merge."""
        for left, right in pairs:
            self._forbid(np.array([0]), self.home[:, left], self.home[:, right])

    def _forbid(self, component: Places, one: Places, other: Places) -> None:
        self._never[component, one, other] = self._never[component, other, one] = True
        self._worth[component, one, other] = self._worth[component, other, one] = _NEVER

    def _merge(self, component: Places, into: Places, gone: Places) -> None:
        """Fold the cluster at `gone` into the one at `into`, in each component."""
        self._size[component, into] += self._size[component, gone]
        moved = self.home[component] == gone[:, None]
        self.home[component] = np.where(moved, into[:, None], self.home[component])
        self._fold(self._sum, np.add, component, into, gone)
        self._fold(self._best, np.maximum, component, into, gone)
        self._fold(self._never, np.logical_or, component, into, gone)
        self._never[component, gone] = self._never[component, :, gone] = True
        self._worth[component, gone] = self._worth[component, :, gone] = _NEVER
        worth = np.where(self._never[component, into], _NEVER, self._value(component, into))
        self._worth[component, into] = self._worth[component, :, into] = worth

    @staticmethod
    def _fold(
        table: NDArray[np.generic], how: np.ufunc, component: Places, into: Places, gone: Places
    ) -> None:
        folded = how(table[component, into], table[component, gone])
        table[component, into] = folded
        table[component, :, into] = folded

    def _value(self, component: Places, into: Places) -> Weights:
        sizes, own = self._size[component], self._size[component, into][:, None]
        share = self._best_share * np.minimum(sizes, own) ** -self._rules.best_fades
        best, total = self._best[component, into], self._sum[component, into]
        value: Weights = share * best + (1 - share) * total / (sizes * own)
        return value

    def _within_limits(self, one: int, other: int, held: Mapping[str, Sequence[str]]) -> bool:
        for kind, values in held.items():
            ours, theirs = self._values(one, values), self._values(other, values)
            if len(ours | theirs) > self._rules.distinct_values[kind] and not (
                ours >= theirs or theirs >= ours
            ):
                return False
        return True

    def _values(self, at: int, values: Sequence[str]) -> set[str]:
        return {values[place] for place in np.flatnonzero(self.home[0] == at).tolist()} - {""}
