"""cluster: the links of one connected component → its clusters. Pure, and blind to the order of anything.

Clusters merge, best first, while s · (best link between them) + (1 - s) · (mean over all cross pairs) is above the
threshold. The mean keeps a single strong link from bridging two solid groups; the best link lets a poor record
join the one it resembles. Its share s therefore fades with the size of the smaller side. Ties fall to the
smallest record.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping, Sequence

from identity.model.match import PartitionRules

__all__ = ["cluster", "components"]

Pair = tuple[int, int]


def components(size: int, links: Collection[Pair]) -> list[list[int]]:
    """Return the connected components of 0 … size - 1 under `links`, each sorted, in order of their smallest."""
    root = list(range(size))

    def find(place: int) -> int:
        while root[place] != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    for left, right in links:
        a, b = find(left), find(right)
        if a != b:
            root[max(a, b)] = min(a, b)
    found: dict[int, list[int]] = {}
    for place in range(size):
        found.setdefault(find(place), []).append(place)
    return list(found.values())


def cluster(
    members: Sequence[int],
    weights: Mapping[Pair, float],
    rules: PartitionRules,
    threshold: float = 0.0,
    *,
    best_share: float | None = None,
    together: Collection[Pair] = (),
    apart: Collection[Pair] = (),
    identifiers: Mapping[str, Mapping[int, str]] | None = None,
) -> list[list[int]]:
    """Return the clusters of `members` (places in key order), each sorted, in order of their smallest.

    `weights` holds the match weight of pairs (smaller place first); a pair without one counts as `rules.unscored`.
    `together` and `apart` are people's decisions: they hold whatever the weights say. `identifiers` gives, per
    identifier, the value each record holds; no merge may exceed `rules.distinct_values` of it. `best_share`
    overrides the rules' share (0 is plain mean linkage).
    """
    share = rules.best_share if best_share is None else best_share
    return _Agglomeration(members, weights, rules, threshold, share, together, apart, identifiers or {}).run()


class _Agglomeration:
    """Best-first merging. Stale queue entries are recognised by the versions of their two sides."""

    def __init__(
        self,
        members: Sequence[int],
        weights: Mapping[Pair, float],
        rules: PartitionRules,
        threshold: float,
        best_share: float,
        together: Collection[Pair],
        apart: Collection[Pair],
        identifiers: Mapping[str, Mapping[int, str]],
    ) -> None:
        self._rules, self._threshold, self._best_share = rules, threshold, best_share
        self._members = {place: [place] for place in sorted(members)}
        self._version = dict.fromkeys(self._members, 0)
        self._best: dict[int, dict[int, float]] = {place: {} for place in self._members}
        self._sum: dict[int, dict[int, float]] = {place: {} for place in self._members}
        self._scored: dict[int, dict[int, int]] = {place: {} for place in self._members}
        self._apart: dict[int, set[int]] = {place: set() for place in self._members}
        self._held = {
            kind: {place: {values[place]} if place in values else set() for place in self._members}
            for kind, values in identifiers.items()
            if kind in rules.distinct_values
        }
        self._queue: list[tuple[float, int, int, int, int]] = []
        for left, right in apart:
            self._apart[left].add(right)
            self._apart[right].add(left)
        for (left, right), weight in sorted(weights.items()):
            self._link(left, right, max(-rules.clip, min(rules.clip, weight)), 1)
        for left, right in together:
            self._join_by_decision(left, right)
        for left, neighbours in self._best.items():
            for right in neighbours:
                if left < right:
                    self._push(left, right)

    def run(self) -> list[list[int]]:
        while self._queue:
            _, left, right, left_version, right_version = heapq.heappop(self._queue)
            if self._version.get(left) == left_version and self._version.get(right) == right_version:
                self._merge(left, right)
                for other in self._best[left]:
                    self._push(*sorted((left, other)))
        return [sorted(found) for found in sorted(self._members.values(), key=min)]

    def _link(self, left: int, right: int, weight: float, scored: int) -> None:
        for one, other in ((left, right), (right, left)):
            self._best[one][other] = max(self._best[one].get(other, weight), weight)
            self._sum[one][other] = self._sum[one].get(other, 0.0) + weight
            self._scored[one][other] = self._scored[one].get(other, 0) + scored

    def _worth(self, left: int, right: int) -> float:
        smaller, larger = sorted((len(self._members[left]), len(self._members[right])))
        pairs = smaller * larger
        unscored = pairs - self._scored[left][right]
        mean = (self._sum[left][right] + unscored * self._rules.unscored) / pairs
        share = self._best_share * smaller**-self._rules.best_fades
        return share * self._best[left][right] + (1 - share) * mean

    def _push(self, left: int, right: int) -> None:
        worth = self._worth(left, right)
        if worth > self._threshold and right not in self._apart[left] and self._within_limits(left, right):
            heapq.heappush(self._queue, (-worth, left, right, self._version[left], self._version[right]))

    def _within_limits(self, left: int, right: int) -> bool:
        return all(
            len(held[left] | held[right]) <= self._rules.distinct_values[kind]
            or held[left] >= held[right]
            or held[right] >= held[left]
            for kind, held in self._held.items()
        )

    def _join_by_decision(self, left: int, right: int) -> None:
        ours = next(place for place, found in self._members.items() if left in found)
        theirs = next(place for place, found in self._members.items() if right in found)
        if ours != theirs:
            self._merge(min(ours, theirs), max(ours, theirs))

    def _merge(self, left: int, right: int) -> None:
        """Fold `right` into `left`, the smaller one: the name of a cluster is its smallest record."""
        self._members[left].extend(self._members.pop(right))
        self._version[left] += 1
        del self._version[right]
        for held in self._held.values():
            held[left] |= held.pop(right)
        for other in self._apart.pop(right):
            self._apart[other].discard(right)
            if other != left:
                self._apart[other].add(left)
                self._apart[left].add(other)
        best, total, scored = self._best.pop(right), self._sum.pop(right), self._scored.pop(right)
        for table in (self._best, self._sum, self._scored):
            table[left].pop(right, None)  # type: ignore[attr-defined]
        for other in best:
            if other != left:
                for table in (self._best, self._sum, self._scored):
                    del table[other][right]  # type: ignore[attr-defined]
                self._fold(left, other, best[other], total[other], scored[other])

    def _fold(self, left: int, other: int, best: float, total: float, scored: int) -> None:
        for one, two in ((left, other), (other, left)):
            self._best[one][two] = max(self._best[one].get(two, best), best)
            self._sum[one][two] = self._sum[one].get(two, 0.0) + total
            self._scored[one][two] = self._scored[one].get(two, 0) + scored
