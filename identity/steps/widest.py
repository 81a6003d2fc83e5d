"""widest: links inside a profile → the path between two records whose weakest link is strongest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from identity.model.record import RecordKey

__all__ = ["widest"]

Weighed = tuple[RecordKey, RecordKey, float]
Neighbours = Mapping[RecordKey, set[RecordKey]]


def widest(links: Iterable[Weighed], start: RecordKey, goal: RecordKey) -> list[RecordKey]:
    """Return the records of the path from `start` to `goal` whose weakest link is strongest; none without a path.

    Of several such paths the one with the fewest records, then with the smallest keys from `start` on.
    """
    given = sorted(links, key=lambda link: -link[2])
    weakest = _bottleneck(given, start, goal)
    if weakest is None:
        return []
    near = _neighbours(link for link in given if link[2] >= weakest)
    steps = _steps_to(goal, near)
    path = [start]
    while path[-1] != goal:
        path.append(min(key for key in near[path[-1]] if steps[key] == steps[path[-1]] - 1))
    return path


def _bottleneck(links: Iterable[Weighed], start: RecordKey, goal: RecordKey) -> float | None:
    """Return the weight of the link that connects both first, when links come in from the strongest on."""
    home: dict[RecordKey, set[RecordKey]] = {}
    for one, other, weight in links:
        ours, theirs = home.setdefault(one, {one}), home.setdefault(other, {other})
        if ours is not theirs:
            ours |= theirs
            home.update(dict.fromkeys(theirs, ours))
            if start in ours and goal in ours:
                return weight
    return None


def _neighbours(links: Iterable[Weighed]) -> Neighbours:
    near: dict[RecordKey, set[RecordKey]] = {}
    for one, other, _ in links:
        near.setdefault(one, set()).add(other)
        near.setdefault(other, set()).add(one)
    return near


def _steps_to(goal: RecordKey, near: Neighbours) -> dict[RecordKey, int]:
    steps, frontier = {goal: 0}, [goal]
    while frontier:
        reached = {key for at in frontier for key in near[at]} - steps.keys()
        steps |= dict.fromkeys(reached, steps[frontier[0]] + 1)
        frontier = list(reached)
    return steps
