"""How right it is: pictures first. And who decided, and who was shown what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from starlette.responses import Response

from identity.commands.reviews import estimate_report
from identity.delivery.subscribing import standings
from identity.model.review import ReviewKind
from stewardship.pictures.bars import columns, interval
from stewardship.places import Place
from stewardship.rights import Right
from stewardship.visit import Visit

__all__ = ["PLACES"]

_DAYS = 30
_LARGE = 12
"""Profiles of so many records and more stand in one column."""


def quality(visit: Visit) -> Response:
    """Show how it goes. What takes long is kept for a while, or fetched by the page itself."""
    views, store, figures = visit.service.store.views, visit.service.store.quality, visit.screen.whole()
    counts = figures.counts
    since = (visit.at - timedelta(days=_DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    kinds = visit.screen.desks.counts(visit.who).kinds
    return visit.page(
        "quality.html",
        counts=counts, duplicates=1 - counts.live_profiles / counts.memberships if counts.memberships else 0.0,
        sizes=columns(_grouped(figures.sizes)), largest=max(figures.sizes, default=0), figures=figures,
        suspects=kinds.get(ReviewKind.WEAK_BRIDGE, 0) + kinds.get(ReviewKind.CROWDED, 0),
        open_tasks=sum(kinds.values()), oldest=figures.oldest, now=visit.at, agreement=store.agreement(),
        days=columns(_daily(visit, store.closed(since))), consents=figures.consents, sampled=figures.sampled,
        standings=standings(visit.service.deliveries), waiting=sum(each.count for each in views.redo_waiting()),
    )  # fmt: skip


def _grouped(sizes: Mapping[int, int]) -> dict[str, int]:
    shown = {str(size): sizes.get(size, 0) for size in range(1, _LARGE)}
    more = sum(count for size, count in sizes.items() if size >= _LARGE)
    return {**shown, f"{_LARGE}+": more}


def _daily(visit: Visit, closed: Mapping[str, int]) -> dict[str, int]:
    days = [f"{visit.at - timedelta(days=back):%Y-%m-%d}" for back in range(_DAYS - 1, -1, -1)]
    return {day[5:]: closed.get(day, 0) for day in days}


def estimated(visit: Visit) -> Response:
    """Return how right the links are, by the answers to samples."""
    report = estimate_report(visit.service)
    shares = {
        name: interval(report[name]["value"], report[name]["lower"], report[name]["upper"])
        for name in ("precision", "recall")
    }
    return visit.page("part_estimate.html", labels=report["labels"], shares=shares, strata=report["strata"])


def audit(visit: Visit) -> Response:
    """Show who decided what, and who was shown whose values."""
    return visit.page(
        "audit.html", operations=visit.service.store.views.operations(100),
        disclosures=visit.screen.stewards.disclosures(100),
    )  # fmt: skip


PLACES = (
    Place("GET", "/quality", Right.MEASURE, quality),
    Place("GET", "/quality/estimate", Right.MEASURE, estimated),
    Place("GET", "/audit", Right.AUDIT, audit),
)
