"""Figures about everybody: as they were at a moment, for they are read from whole tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from identity.bootstrap import Service, SystemClock
from identity.store.views import Counts

__all__ = ["Whole", "whole"]


@dataclass(frozen=True)
class Whole:
    """What is to be had from whole tables only, as it was at a moment."""

    at: datetime
    counts: Counts
    sizes: Mapping[int, int]
    sampled: int
    consents: Mapping[str, Mapping[str, int]]
    oldest: datetime | None


def whole(service: Service) -> Whole:
    store = service.store
    at, (sampled, consents) = SystemClock().now(), store.quality.consents()
    return Whole(
        at, store.views.counts(), store.quality.sizes(), sampled, consents, store.quality.oldest_open()
    )
