"""The records of a task's profiles and the links between them: a ring for each profile, the weak link marked."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from identity.model.cluster import GoldenId
from identity.model.judgement import Link
from identity.model.record import RecordKey

__all__ = ["Edge", "Graph", "Node", "graph"]

_RADIUS, _GAP, _MARGIN = 66.0, 118.0, 84.0
_MIDDLE = 112.0
_MOST = 24


@dataclass(frozen=True, slots=True)
class Node:
    key: RecordKey
    home: GoldenId
    x: float
    y: float
    named: bool
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Edge:
    x1: float
    y1: float
    x2: float
    y2: float
    weight: float | None
    strength: str
    told: str
    label_x: float
    label_y: float


@dataclass(frozen=True, slots=True)
class Graph:
    """`rings` are the profiles: where the middle of each is, and how many of its records are left out."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    rings: Sequence[tuple[GoldenId, float, float, float, int]]
    width: float
    height: float


def graph(
    profiles: Mapping[GoldenId, Sequence[RecordKey]],
    links: Collection[Link],
    named: Collection[RecordKey],
    match_threshold: float,
) -> Graph:
    """Return where everything stands; the link between the `named` records is the one in question."""
    nodes: dict[RecordKey, Node] = {}
    rings = []
    x = _MARGIN
    for golden_id, keys in profiles.items():
        shown = [*[key for key in keys if key in named], *[key for key in keys if key not in named]][:_MOST]
        radius = 0.0 if len(shown) == 1 else max(38.0, min(_RADIUS, 15.0 * len(shown)))
        middle = x + max(radius, 30.0)
        nodes |= _ring(golden_id, shown, middle, radius, frozenset(named))
        rings.append((golden_id, middle, _MIDDLE, radius + 18.0, len(keys) - len(shown)))
        x = middle + max(radius, 30.0) + _GAP
    middles = {golden_id: at for golden_id, at, *_ in rings}
    edges = [
        _edge(link, nodes, frozenset(named), match_threshold, middles)
        for link in links
        if _drawn(link, nodes)
    ]
    # What is in question is drawn last, over the others.
    edges.sort(key=lambda edge: edge.strength == "asked")
    return Graph(list(nodes.values()), edges, rings, x - _GAP + _MARGIN, 2 * _MIDDLE)


def _ring(
    home: GoldenId, keys: Sequence[RecordKey], x: float, radius: float, named: frozenset[RecordKey]
) -> dict[RecordKey, Node]:
    placed = {}
    for place, key in enumerate(keys):
        angle = 2 * math.pi * place / max(len(keys), 1)
        at, down = x + radius * math.cos(angle), _MIDDLE + radius * math.sin(angle)
        # Names stand outside of the ring, where no link is; where a link leads to another ring, below.
        right, below = math.cos(angle), math.sin(angle)
        leads = key in named and not named.issubset(keys)
        beside = bool(radius) and not leads and abs(right) >= 0.4
        anchor = "middle" if not beside else "start" if right > 0 else "end"
        label_x = at + 15 * right if beside else at
        label_y = down + 4 + 17 * below if radius and not leads else down + 24
        placed[key] = Node(
            key, home, round(at, 1), round(down, 1), key in named, round(label_x, 1), round(label_y, 1), anchor
        )  # fmt: skip
    return placed


def _drawn(link: Link, nodes: Mapping[RecordKey, Node]) -> bool:
    return link.left in nodes and link.right in nodes


def _edge(
    link: Link,
    nodes: Mapping[RecordKey, Node],
    named: frozenset[RecordKey],
    threshold: float,
    middles: Mapping[GoldenId, float],
) -> Edge:
    left, right, weight = nodes[link.left], nodes[link.right], link.match_weight
    strength = "weak" if weight is not None and weight < threshold else "strong"
    if named == {link.left, link.right}:
        strength = "asked"
    middle = middles[left.home] if left.home == right.home else None
    x, y = (left.x + right.x) / 2, (left.y + right.y) / 2
    length = math.hypot(right.x - left.x, right.y - left.y) or 1.0
    across = (right.y - left.y) / length, (left.x - right.x) / length
    # Its number stands beside it: outside of a ring that holds both, else on the upper side.
    outward = across[0] * (x - middle) + across[1] * (y - _MIDDLE) if middle is not None else -across[1]
    side = 20 if outward >= 0 else -20
    if middle is None:
        side = 12 if outward >= 0 else -12
    return Edge(
        left.x, left.y, right.x, right.y, weight, strength, f"{link.left} – {link.right}",
        round(x + side * across[0], 1), round(y + side * across[1] + 4, 1),
    )  # fmt: skip
