"""cluster: the match weights inside connected components → their clusters. Pure, and blind to the order of anything.

Clusters merge, best first, while s · (best link between them) + (1 - s) · (mean over all cross pairs) is above the
threshold. The mean keeps a single strong link from bridging two solid groups; the best link lets a poor record
join the one it resembles. Its share s therefore fades with the size of the smaller side. Ties fall to the
smallest record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.model.match import PartitionRules

__all__ = ["Between", "Merge", "Trace", "Weights", "cluster", "cluster_many", "trace"]

Weights = NDArray[np.float64]
Places = NDArray[np.int64]
Pair = tuple[int, int]

_NEVER = -np.inf


@dataclass(frozen=True, slots=True)
class Between:
    """What stands between two clusters: their best link, the mean over all cross pairs, and what both are worth.

    `limits` names the identifiers of which one cluster may not hold as many values as both have.
    """

    one: tuple[int, ...]
    other: tuple[int, ...]
    best: float
    mean: float
    worth: float
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Merge:
    """Two clusters that became one, `decided` by a person or for what stood between them."""

    between: Between
    decided: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """How clusters came to be, merge by merge in order, and what stands between those of them that were asked for."""

    merges: tuple[Merge, ...]
    clusters: tuple[tuple[int, ...], ...]
    between: tuple[Between, ...]


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
    merging.decide(together, apart)
    merging.run(threshold, _limited(identifiers, rules))
    return [list(members) for members in merging.clusters()]


def trace(
    weights: Weights,
    rules: PartitionRules,
    threshold: float = 0.0,
    *,
    together: Collection[Pair] = (),
    apart: Collection[Pair] = (),
    identifiers: Mapping[str, Sequence[str]] | None = None,
    between: Collection[Pair] = (),
) -> Trace:
    """Return how `cluster` comes to its clusters, and what stands between those that hold the pairs `between`.

    A pair inside one cluster has nothing between it. Weights are clipped, as the partition reads them.
    """
    merging = _Traced(weights[None], rules, rules.best_share)
    merging.decide(together, apart)
    merging.deciding = False
    held = _limited(identifiers, rules)
    merging.run(threshold, held)
    homes = sorted({tuple(sorted(merging.home[0, list(pair)].tolist())) for pair in between})
    standing = tuple(merging.between(one, other, held) for one, other in homes if one != other)
    return Trace(tuple(merging.merges), tuple(merging.clusters()), standing)


def _limited(
    identifiers: Mapping[str, Sequence[str]] | None, rules: PartitionRules
) -> dict[str, Sequence[str]]:
    return {kind: values for kind, values in (identifiers or {}).items() if kind in rules.distinct_values}


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

    def decide(self, together: Collection[Pair], apart: Collection[Pair]) -> None:
        """Merge what people said is together in a single component, and forbid what they said is not."""
        for left, right in sorted(together):
            self.join(left, right)
        self.keep_apart(apart)

    def clusters(self) -> list[tuple[int, ...]]:
        """Return the clusters of a single component, in the order of their smallest records."""
        return [self.members(first) for first in sorted(set(self.home[0].tolist()))]

    def members(self, at: int) -> tuple[int, ...]:
        """Return the records of the cluster at a place of a single component."""
        return tuple(np.flatnonzero(self.home[0] == at).tolist())

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
        return all(self._within(kind, one, other, values) for kind, values in held.items())

    def _within(self, kind: str, one: int, other: int, values: Sequence[str]) -> bool:
        ours, theirs = self._values(one, values), self._values(other, values)
        allowed = len(ours | theirs) <= self._rules.distinct_values[kind]
        return allowed or ours >= theirs or theirs >= ours

    def _values(self, at: int, values: Sequence[str]) -> set[str]:
        return {values[place] for place in self.members(at)} - {""}


class _Traced(_Merging):
    """The same of a single component, remembering each merge. A forbidden one is forbidden for good, be it allowed
    by what the clusters have become since: so the limits that once forbade it are remembered too."""

    def __init__(self, weights: Weights, rules: PartitionRules, best_share: float) -> None:
        super().__init__(weights, rules, best_share)
        self.merges: list[Merge] = []
        self.deciding = True
        self._refused: list[tuple[int, int, tuple[str, ...]]] = []

    def between(self, one: int, other: int, held: Mapping[str, Sequence[str]]) -> Between:
        """Return what stands between the clusters at two places."""
        pairs = self._size[0, one] * self._size[0, other]
        kinds = {kind for kind, values in held.items() if not self._within(kind, one, other, values)}
        kinds |= {
            kind
            for ours, theirs, refused in self._refused
            if {int(self.home[0, ours]), int(self.home[0, theirs])} == {one, other}
            for kind in refused
        }
        return Between(
            self.members(one),
            self.members(other),
            best=float(self._best[0, one, other]),
            mean=float(self._sum[0, one, other] / pairs),
            worth=float(self._value(np.array([0]), np.array([one]))[0, other]),
            limits=tuple(sorted(kinds)),
        )

    def _within_limits(self, one: int, other: int, held: Mapping[str, Sequence[str]]) -> bool:
        broken = tuple(kind for kind, values in held.items() if not self._within(kind, one, other, values))
        if broken:
            self._refused.append((one, other, broken))
        return not broken

    def _merge(self, component: Places, into: Places, gone: Places) -> None:
        if len(component):  # the last look finds nothing to merge
            found = self.between(int(into[0]), int(gone[0]), {})
            self.merges.append(Merge(found, self.deciding))
        super()._merge(component, into, gone)
