"""One person: golden values and where they come from, the records, how it came to be, what others were told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from identity.commands.explain import how_report
from identity.delivery.subscribing import standings
from identity.model.audit import AuditAction
from identity.model.cluster import GoldenId
from identity.model.errors import LookupFailed
from identity.model.operation import OperationKind
from identity.model.record import CANONICAL_ATTRIBUTES
from identity.steps.disclose import mask
from identity.steps.refuse import storable
from identity.store import ProfileView
from stewardship.deciding import wish_of
from stewardship.places import Place, Refused
from stewardship.rights import Right
from stewardship.scene import key_of
from stewardship.visit import Visit, address

__all__ = ["PLACES", "clear_or_masked"]

_MOST = 60
_OURS = frozenset(OperationKind) - {OperationKind.UNDO}
"""What people did can be taken back by its id; what a machine merged, by the id that it merged away."""


def profile_page(visit: Visit) -> Response:
    """Show a profile. An id that was merged away leads to who answers for it."""
    view = _view(visit)
    golden_id = view.profile.golden_id
    if view.redirected_from:
        return visit.go(address("profiles", golden_id))
    clear = visit.shows(golden_id)
    how = how_report(visit.service, golden_id)
    return visit.page(
        "profile.html",
        view=view, clear=clear, now=visit.at, shown=clear_or_masked(clear=clear),
        records=_records(visit, view), left_out=max(0, len(view.profile.records) - _MOST),
        history=[_passage(visit, each) for each in reversed(how["history"])][:_MOST],
        events=_events(visit, golden_id), undone=visit.asked.get("undone", ""), done=visit.asked.get("done", ""),
        told_notice=visit.asked.get("note", ""), fields=(*CANONICAL_ATTRIBUTES, *visit.service.match_rules.custom),
    )  # fmt: skip


def _view(visit: Visit) -> ProfileView:
    asked = visit.named["golden_id"]
    view = visit.service.store.views.profile(GoldenId(asked)) if storable(asked) else None
    if view is None:
        raise LookupFailed("E501", "No profile has this golden id.", "Search for the person.")
    if view.status == "erased":
        raise Refused(410, "This person was erased.", "Nothing is kept of them.")
    return view


def clear_or_masked(*, clear: bool) -> Any:
    """Return how a value of an attribute is shown."""
    return (lambda _, value: value) if clear else mask


def _records(visit: Visit, view: ProfileView) -> Sequence[Any]:
    views = visit.service.store.views
    return [record for key in view.profile.records[:_MOST] if (record := views.record(key))]


def _passage(visit: Visit, passage: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return one step of the history, and what it can be taken back by."""
    change, reverses = passage["change"] or {}, None
    if change.get("kind") in _OURS:
        operation = visit.service.store.views.operation(change["change_id"])
        reverses = change["change_id"] if operation and not operation.reversed_by else None
    elif passage["merged_in"]:
        reverses = passage["merged_in"][0]
    return {**passage, "reverses": reverses}


def _events(visit: Visit, golden_id: GoldenId) -> Sequence[Mapping[str, Any]]:
    """Return what was told of a profile, and to whom it has come."""
    told = visit.service.store.views.events(0, _MOST, golden_id)
    others = standings(visit.service.deliveries)
    return [
        {
            "event": event,
            "told": [one.subscriber.name for one in others if one.subscriber.position >= event.position],
            "waits": [one.subscriber.name for one in others if one.subscriber.position < event.position],
        }
        for event in reversed(told)
    ]


def reveal(visit: Visit) -> Response:
    """Show the personal values of a profile in clear for a while. It is written down."""
    golden_id = _view(visit).profile.golden_id
    visit.audit(AuditAction.REVEAL, golden_id)
    visit.screen.stewards.disclose(visit.who, visit.session, golden_id, visit.screen.settings.reveal)
    return visit.go(address("profiles", golden_id))


def split(visit: Visit) -> Response:
    """Make another profile of the ticked records."""
    golden_id, keys = GoldenId(visit.named["golden_id"]), [key_of(text) for text in visit.ticked("record")]
    decided = visit.service.decisions.split(golden_id, keys, _wish(visit, golden_id))
    return visit.go(address("profiles", golden_id, done=decided.operation.operation_id))


def override(visit: Visit) -> Response:
    """Give the profile a value that the steward knows better than its records."""
    golden_id = GoldenId(visit.named["golden_id"])
    values = {visit.said("field"): visit.said("value")}
    decided = visit.service.decisions.override(golden_id, values, _wish(visit, golden_id))
    return visit.go(address("profiles", golden_id, done=decided.operation.operation_id))


def merge(visit: Visit) -> Response:
    """Make one profile of this one and another."""
    golden_id, other = GoldenId(visit.named["golden_id"]), GoldenId(visit.said("other"))
    if not storable(other):
        raise LookupFailed("E501", "No profile has this golden id.", "Search for the person.")
    decided = visit.service.decisions.merge([golden_id, other], _wish(visit, golden_id), golden_id)
    return visit.go(address("profiles", golden_id, done=decided.operation.operation_id))


def _wish(visit: Visit, golden_id: GoldenId) -> Any:
    version = visit.said("version")
    wish = wish_of(visit, visit.said("reason")[:500])
    return replace(
        wish, expected={golden_id: int(version)} if version.isascii() and version.isdigit() else {}
    )


PLACES = (
    Place("GET", "/profiles/{golden_id}", Right.SEE, profile_page),
    Place("POST", "/profiles/{golden_id}/reveal", Right.REVEAL, reveal),
    Place("POST", "/profiles/{golden_id}/split", Right.DECIDE, split),
    Place("POST", "/profiles/{golden_id}/merge", Right.DECIDE, merge),
    Place("POST", "/profiles/{golden_id}/override", Right.DECIDE, override),
)
