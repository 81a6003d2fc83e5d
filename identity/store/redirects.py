"""Redirects that never chain: whoever follows one arrives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from identity.store import refusals

__all__ = ["in_one_hop"]


Id = TypeVar("Id", bound=str)


def in_one_hop(known: Mapping[Id, Id], fresh: Mapping[Id, Id]) -> dict[Id, Id]:
    """Return, for each id of `fresh`, the end of its chain. `known` are those stored that `fresh` may lead into.

    Raises StoreError E408 when they lead in a circle.
    """
    ends: dict[Id, Id] = {}
    following = {**known, **fresh}
    for retired in fresh:
        seen, end = {retired}, fresh[retired]
        while end in following and end not in seen:
            seen.add(end)
            end = ends.get(end, following[end])
        if end in seen:
            raise refusals.circular(len(seen))
        ends[retired] = end
    return ends
