"""connect: links between records → connected components, none larger than can be looked at pair by pair."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["Groups", "connect"]

Pair = tuple[int, int]


class Groups:
    """Places 0 … n - 1 in groups that only ever grow together; a group is named by its smallest place."""

    def __init__(self, count: int) -> None:
        self._home = list(range(count))

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self.of(one), self.of(other)))
        self._home[second] = first

    def of(self, place: int) -> int:
        while self._home[place] != place:
            self._home[place] = self._home[self._home[place]]
            place = self._home[place]
        return place

    def all(self) -> list[list[int]]:
        """Return the groups, each in order, in the order of their smallest places."""
        groups: dict[int, list[int]] = {}
        for place in range(len(self._home)):
            groups.setdefault(self.of(place), []).append(place)
        return list(groups.values())


def connect(
    count: int,
    links: Sequence[tuple[int, int, float]],
    together: Iterable[Pair],
    *,
    threshold: float,
    largest: int,
) -> list[list[int]]:
    """Return the components of `count` records: who is connected by weights above `threshold` or by people's word.

    A component of more than `largest` records loses its weakest links, a bit of weight at a time, until it comes
    apart; what people said is never cut. Components are sorted, in the order of their smallest places.
    """
    together = list(together)
    strong = [link for link in links if link[2] > threshold]
    while True:
        groups = Groups(count)
        for one, other in [*((left, right) for left, right, _ in strong), *together]:
            groups.join(one, other)
        components = groups.all()
        oversized = {component[0] for component in components if len(component) > largest}
        if not any(groups.of(left) in oversized for left, _, _ in strong):
            return components
        threshold += 1
        strong = [
            (left, right, weight)
            for left, right, weight in strong
            if weight > threshold or groups.of(left) not in oversized
        ]
