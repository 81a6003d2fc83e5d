"""identify: clusters → golden ids that go on from the ones their records had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from identity.model.cluster import GoldenId, mint_golden_id
from identity.model.record import RecordKey

__all__ = ["identify"]


def identify(
    first_records: Sequence[RecordKey],
    inherited: Mapping[tuple[GoldenId, int], int],
    created: Mapping[GoldenId, datetime],
    issued: Collection[GoldenId],
) -> list[GoldenId]:
    """Return the golden id of each cluster 0 … n - 1.

    `first_records` has each cluster's smallest record. `inherited` counts the records that came to a cluster from
    a golden id: the largest part keeps the id, then the older id, then the smaller one; a cluster that keeps none
    gets a new id, never one that is among `issued`.
    """
    claims = sorted(inherited.items(), key=lambda claim: (-claim[1], created[claim[0][0]], claim[0]))
    named: dict[int, GoldenId] = {}
    kept: set[GoldenId] = set()
    for (golden_id, cluster), _ in claims:
        if cluster not in named and golden_id not in kept:
            named[cluster] = golden_id
            kept.add(golden_id)
    return [named.get(at) or _new(first, issued) for at, first in enumerate(first_records)]


def _new(first: RecordKey, issued: Collection[GoldenId]) -> GoldenId:
    issue = 0
    while (golden_id := mint_golden_id(first, issue)) in issued:
        issue += 1
    return golden_id


def count_inherited(
    previous: Sequence[GoldenId | None], clusters: Sequence[int]
) -> dict[tuple[GoldenId, int], int]:
    """Return how many records came from each golden id to each cluster."""
    return dict(Counter((old, new) for old, new in zip(previous, clusters, strict=True) if old is not None))
