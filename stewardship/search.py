"""Finding people: by name, e-mail, phone or any id. What is sought travels in bodies, never in addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from starlette.responses import Response

from identity.flows.lookup import ByGoldenId, ByIdentifier, ByRecord, Question
from identity.model.audit import AuditAction
from identity.model.cluster import GoldenId
from identity.model.record import RecordKey
from identity.steps.refuse import storable
from identity.store import ProfileView
from identity.store.searches import NameSearch
from stewardship.places import Place
from stewardship.profiles import clear_or_masked
from stewardship.rights import Right
from stewardship.visit import Visit

__all__ = ["PLACES"]

_MOST = 40
_LONGEST = 200
_GOLDEN_ID = re.compile(r"g[0-9a-z]{16}")
_DIGITS = 6
"""A number of so many digits may be a phone number, or an id."""


def search_page(visit: Visit) -> Response:
    """Ask who is sought."""
    return visit.page("search.html", sought="", found=None, more=False, shown=clear_or_masked(clear=False))


def search(visit: Visit) -> Response:
    """Show who is known by what is sought; values are masked."""
    sought = visit.said("sought")[:_LONGEST]
    ids = list(dict.fromkeys(_found(visit, sought))) if sought and storable(sought) else []
    views = [view for each in ids[:_MOST] if (view := _view(visit, each))]
    visit.audit(AuditAction.SEARCH, found=len(ids))
    return visit.page(
        "search.html", sought=sought, found=views, more=len(ids) > _MOST, shown=clear_or_masked(clear=False)
    )


def _view(visit: Visit, golden_id: GoldenId) -> ProfileView | None:
    view = visit.service.store.views.profile(golden_id)
    return view if view and view.status != "erased" else None


def _found(visit: Visit, sought: str) -> Iterator[GoldenId]:
    """Return who answers to any reading of what is sought, the surest reading first."""
    for answer in visit.service.lookup(_questions(visit, sought)):
        yield from answer.golden_ids
    if not any(letter.isdigit() or letter == "@" for letter in sought):
        yield from _named(visit, sought)


def _questions(visit: Visit, sought: str) -> list[Question]:
    if _GOLDEN_ID.fullmatch(sought):
        return [ByGoldenId(GoldenId(sought))]
    asked: list[Question] = []
    source, colon, record_id = sought.partition(":")
    if colon and source and record_id:
        asked.append(ByRecord(RecordKey(source, record_id)))
    if "@" in sought:
        asked.append(ByIdentifier("email", sought))
    if sum(letter.isdigit() for letter in sought) >= _DIGITS:
        asked += [ByIdentifier(kind, sought) for kind in ("phone", "loyalty_id", "tax_id")]
    if " " not in sought and "@" not in sought:
        asked += [ByRecord(RecordKey(name, sought)) for name in sorted(visit.service.sources)]
    return asked


def _named(visit: Visit, sought: str) -> Iterator[GoldenId]:
    """Return who is called so: the family name alone, or behind the given name, or before it."""
    words = sought.replace(",", " ").split()
    if not words:
        return
    readings = [(words[-1], " ".join(words[:-1]))]
    if len(words) > 1:
        readings += [(words[0], " ".join(words[1:])), (" ".join(words), "")]
    for family, given in readings:
        for _, golden_id in visit.service.store.searches.by_name(NameSearch(family, given), 0, 2 * _MOST):
            yield golden_id


PLACES = (
    Place("GET", "/search", Right.SEE, search_page),
    Place("POST", "/search", Right.SEE, search),
)
