"""cluster: the match weights inside one connected component → its clusters. Pure, and blind to the order of anything.

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

__all__ = ["Weights", "cluster"]

Weights = NDArray[np.float64]
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
    merging = _Merging(weights, rules, rules.best_share if best_share is None else best_share)
    for left, right in sorted(together):
        merging.join(left, right)
    merging.keep_apart(apart)
    merging.limit(identifiers or {})
    while (pair := merging.best_pair(threshold)) is not None:
        merging.merge(*pair)
    return merging.clusters()


class _Merging:
    """The state between merges: per pair of clusters the sum and the best of their links, and what merging is worth."""

    def __init__(self, weights: Weights, rules: PartitionRules, best_share: float) -> None:
        self._rules, self._best_share = rules, best_share
        self._sum = np.clip(np.where(np.isnan(weights), rules.unscored, weights), -rules.clip, rules.clip)
        self._best = self._sum.copy()
        self._size = np.ones(len(weights))
        self._members = [[place] for place in range(len(weights))]
        self._apart = np.zeros(weights.shape, np.bool_)
        self._gone = np.zeros(len(weights), np.bool_)
        self._held: dict[str, list[set[str]]] = {}
        self._worth = best_share * self._best + (1 - best_share) * self._sum
        np.fill_diagonal(self._worth, _NEVER)

    def keep_apart(self, pairs: Collection[Pair]) -> None:
        """Forbid the clusters of both records to merge."""
        home = {place: at for at, members in enumerate(self._members) for place in members}
        for left, right in pairs:
            one, other = home[left], home[right]
            self._apart[one, other] = self._apart[other, one] = True
            self._worth[one, other] = self._worth[other, one] = _NEVER

    def limit(self, identifiers: Mapping[str, Sequence[str]]) -> None:
        """Bound the distinct values of identifiers in one cluster."""
        self._held = {
            kind: [{values[place] for place in members} - {""} for members in self._members]
            for kind, values in identifiers.items()
            if kind in self._rules.distinct_values
        }

    def best_pair(self, threshold: float) -> Pair | None:
        """Return the clusters most worth merging, or None when none is worth more than the threshold."""
        while len(self._worth):
            # The first of equal maxima: the pair with the smallest records.
            one, other = divmod(int(self._worth.argmax()), len(self._worth))
            if not self._worth[one, other] > threshold:
                return None
            if self._within_limits(one, other):
                return one, other
            self._worth[one, other] = self._worth[other, one] = _NEVER
        return None

    def join(self, left: int, right: int) -> None:
        """Merge the clusters of two records by a person's decision."""
        one = next(at for at, members in enumerate(self._members) if left in members)
        other = next(at for at, members in enumerate(self._members) if right in members)
        if one != other:
            self.merge(min(one, other), max(one, other))

    def merge(self, into: int, gone: int) -> None:
        """Fold cluster `gone` into `into`, the one with the smaller first record."""
        self._members[into] += self._members[gone]
        self._members[gone] = []
        self._size[into] += self._size[gone]
        for held in self._held.values():
            held[into] |= held[gone]
        self._sum[into] += self._sum[gone]
        self._sum[:, into] = self._sum[into]
        np.maximum(self._best[into], self._best[gone], out=self._best[into])
        self._best[:, into] = self._best[into]
        self._apart[into] |= self._apart[gone]
        self._apart[:, into] = self._apart[into]
        self._value(into, gone)

    def _value(self, into: int, gone: int) -> None:
        smaller = np.minimum(self._size[into], self._size)
        share = self._best_share * smaller**-self._rules.best_fades
        worth = share * self._best[into] + (1 - share) * self._sum[into] / (self._size[into] * self._size)
        self._gone[gone] = True
        worth[self._apart[into] | self._gone] = _NEVER
        worth[into] = _NEVER
        self._worth[into] = self._worth[:, into] = worth
        self._worth[gone] = self._worth[:, gone] = _NEVER

    def _within_limits(self, one: int, other: int) -> bool:
        return all(
            len(held[one] | held[other]) <= self._rules.distinct_values[kind]
            or held[one] >= held[other]
            or held[other] >= held[one]
            for kind, held in self._held.items()
        )

    def clusters(self) -> list[list[int]]:
        return [sorted(members) for members in self._members if members]
