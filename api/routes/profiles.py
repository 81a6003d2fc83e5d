"""Golden profiles: the values a reader may see, where they come from, what was so at a past moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query
from fastapi.responses import Response

from api.answers import Profile, ProfileThen
from api.calls import Call, needs
from api.problems import Problem
from api.purposes import PurposeAsked, policy_of
from api.refusals import refusals
from api.routes.lookup import erased
from api.schemas import Moment
from api.scopes import Scope
from identity.bootstrap import Service
from identity.commands.explain import how_report
from identity.flows.lookup import ByGoldenId
from identity.model.audit import AuditAction
from identity.model.cluster import GoldenId
from identity.model.errors import LookupFailed
from identity.model.purpose import PurposePolicy
from identity.steps.disclose import disclose, refused
from identity.steps.refuse import storable
from identity.store import ProfileView

__all__ = ["router"]

router = APIRouter(tags=["profiles"])
_JSON = "application/json"
_PARTS = ("records", "provenance", "consents", "history")


@router.get(
    "/profiles/{golden_id}",
    response_model=Profile | ProfileThen,
    responses={**refusals(404, 410), 304: {"description": "It is as it was."}},
)
def profile(
    golden_id: str,
    call: Annotated[Call, needs(Scope.PROFILES_READ)],
    purpose: PurposeAsked = None,
    include: Annotated[
        str,
        Query(
            description="Some of: records,provenance,consents,history.", pattern="^[a-z,]*$", max_length=60
        ),
    ] = "consents",
    as_of: Annotated[Moment | None, Query(description="Which records it had then.")] = None,
    if_none_match: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Return the profile that answers for an id. An id that was merged away leads to its survivor, and says so."""
    parts = _parts(include)
    policy = policy_of(call, purpose)
    if as_of is not None:
        return Response(orjson.dumps(_then(call, golden_id, as_of)), media_type=_JSON)
    shown = _shown(call, policy)
    view = _view(call, golden_id, shown=shown)
    if policy and refused(view.profile.consents, policy):
        call.note(purpose=policy.name, refused=1)
        call.audit(AuditAction.READ, view.profile.golden_id, policy.name, refused=1)
        raise Problem(
            403,
            "PURPOSE_REFUSED",
            f"This person is not to be read for {policy.name}.",
            "No consent is granted.",
        )
    headers = {"ETag": f'"{view.profile.version}"'}
    if view.redirected_from:
        headers["Content-Location"] = f"/v1/profiles/{view.profile.golden_id}"
    if if_none_match in (headers["ETag"], "*"):
        return Response(status_code=304, headers=headers)
    if shown:
        call.audit(
            AuditAction.READ, view.profile.golden_id, policy.name if policy else "", parts=sorted(parts)
        )
    return Response(orjson.dumps(_told(call, view, policy, parts)), headers=headers, media_type=_JSON)


def _parts(include: str) -> frozenset[str]:
    parts = frozenset(filter(None, include.split(",")))
    if parts - {*_PARTS}:
        raise Problem(
            422, "INVALID_REQUEST", "`include` names a part there is not.", f"There are: {', '.join(_PARTS)}."
        )
    return parts


def _shown(call: Call, policy: PurposePolicy | None) -> bool:
    """Say whether the caller may see values in clear: some of them for a purpose, or all."""
    return policy is not None or call.may(Scope.PERSONAL_READ)


def _view(call: Call, golden_id: str, *, shown: bool) -> ProfileView:
    """Return the profile that answers, with what its person allows by now."""
    view = None
    if storable(golden_id):
        view = call.near(lambda service: _by_now(service, golden_id), bool, shown=shown)
    if view is None:
        raise LookupFailed("E501", "No profile has this golden id.", "Look it up by something else.")
    if view.status == "erased":
        raise erased()
    call.note(golden_id=view.profile.golden_id)
    return view


def _by_now(service: Service, golden_id: str) -> ProfileView | None:
    view = service.store.views.profile(GoldenId(golden_id))
    if view is None or view.status == "erased":
        return view
    return replace(view, profile=service.consents.by_now(view.profile))


def _then(call: Call, golden_id: str, as_of: Any) -> dict[str, Any]:
    asked = ByGoldenId(GoldenId(golden_id), as_of)
    (answer,) = call.near(lambda service: service.lookup([asked]), lambda found: bool(found[0].golden_ids))
    if not answer.golden_ids:
        raise LookupFailed("E501", "No profile had this golden id then.", "Ask about a later moment.")
    if answer.status == "erased":
        raise erased()
    return {
        "golden_id": answer.golden_ids[0],
        "redirected_from": golden_id if answer.redirected else None,
        "as_of": as_of.isoformat(),
        "status": answer.status,
        "records": [str(key) for key in answer.records],
    }


def _told(
    call: Call, view: ProfileView, policy: PurposePolicy | None, parts: frozenset[str]
) -> dict[str, Any]:
    profile, clear = view.profile, call.may(Scope.PERSONAL_READ)
    shown = _shown(call, policy)
    values = {name: found.value for name, found in profile.values.items()}
    told: dict[str, Any] = {
        "golden_id": profile.golden_id,
        "redirected_from": view.redirected_from,
        "version": profile.version,
        "status": view.status,
        "restricted": view.status == "empty" and _is_restricted(call, profile.golden_id, shown=shown),
        "values": disclose(values, profile.consents, policy, clear=clear),
        "record_keys": [str(key) for key in profile.records],
        "updated_at": view.updated_at.isoformat(),
    }
    if "consents" in parts:
        told["consents"] = dict(profile.consents)
    if "provenance" in parts:
        told["provenance"] = {
            name: _reason(found) for name, found in profile.values.items() if name in told["values"]
        }
    if "records" in parts:
        told["records"] = [_record(call, key, profile.consents, policy, clear) for key in profile.records]
    if "history" in parts:
        told["history"] = call.near(lambda service: how_report(service, profile.golden_id), shown=shown)[
            "history"
        ]
    return told


def _is_restricted(call: Call, golden_id: str, *, shown: bool) -> bool:
    return call.near(lambda service: bool(service.store.privacy.restricted(golden_id)), shown=shown)


def _reason(found: Any) -> dict[str, Any]:
    moment = found.observed_at.isoformat() if found.observed_at else None
    return {"record": str(found.record), "rule": found.rule, "observed_at": moment}


def _record(
    call: Call, key: Any, consents: Mapping[str, str], policy: PurposePolicy | None, clear: bool
) -> dict[str, Any]:
    """Return a record as far as it may be seen: what its person allows, not what it states itself."""
    shown = _shown(call, policy)
    record = call.near(lambda service: service.store.views.record(key), bool, shown=shown)
    attributes = disclose(record.attributes, consents, policy, clear=clear) if record else {}
    observed = record.observed_at.isoformat() if record and record.observed_at else None
    return {
        "source": key.source,
        "source_record_id": key.source_record_id,
        "attributes": attributes,
        "observed_at": observed,
    }
