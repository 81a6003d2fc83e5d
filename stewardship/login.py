"""Who comes in: by password, or from the company's identity provider; and how they leave."""

from __future__ import annotations

import re
from dataclasses import replace

import structlog
from starlette.responses import Response

from identity.model.errors import StoreError
from identity.model.steward import Role, Steward
from stewardship.oidc import Known, Trip, begun, returned
from stewardship.passwords import suits
from stewardship.places import EVERYBODY, Place, Refused
from stewardship.sessions import Cookie, digest_of, fresh_token
from stewardship.settings import OidcSettings
from stewardship.visit import Visit, address

__all__ = ["NAME", "PLACES"]

_LOG = structlog.get_logger("identity.review")
NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
"""How the name of an account is written."""
_BRIEF = 600
"""Seconds that a log-in may take elsewhere."""


def login_page(visit: Visit) -> Response:
    """Ask who somebody is; one who is logged in goes on."""
    return visit.go(_home(visit.steward)) if visit.steward else _asking(visit)


def login(visit: Visit) -> Response:
    """Let in who knows a password."""
    name, client = visit.said("name").casefold(), visit.request.client
    place = client.host if client else ""
    if not visit.screen.throttle.lets(name, place):
        return _asking(visit, 429, "Too many attempts. Wait five minutes, then try again.")
    known = visit.screen.stewards.steward(name) if NAME.fullmatch(name) else None
    # What is compared takes as long for a name that nobody has.
    if not suits(str(visit.form.get("password", "")), known.password if known else "") or not (
        known and known.active
    ):
        visit.screen.throttle.failed(name, place)
        _LOG.warning("login_refused", by="password")
        return _asking(visit, 403, "Name or password is wrong.")
    return _entered(visit, known, "password")


def logout(visit: Visit) -> Response:
    visit.screen.stewards.end_session(visit.session)
    response = visit.go(address("login"))
    visit.screen.cookie.drop(response)
    return response


def oidc_begin(visit: Visit) -> Response:
    """Go to the identity provider."""
    trip = Trip.fresh()
    response = visit.go(begun(_oidc(visit), trip, _back(visit)))
    _trips(visit).put(response, str(trip), _BRIEF)
    return response


def oidc_back(visit: Visit) -> Response:
    """Let in whom the identity provider knows."""
    known = returned(_oidc(visit), Trip.of(_trips(visit).of(visit.request)), visit.asked, _back(visit))
    steward = _account(visit, known)
    if not steward.active:
        raise Refused(403, "Your account is closed.", "Ask an admin.")
    response = _entered(visit, steward, "oidc")
    _trips(visit).drop(response)
    return response


def _account(visit: Visit, known: Known) -> Steward:
    """Return the account of somebody whom the provider knows; one is opened for who has a role of ours there."""
    issuer, stewards = _oidc(visit).issuer, visit.screen.stewards
    role = next((Role(each) for each in known.roles if each in set(Role)), None)
    found = stewards.known_as(issuer, known.subject)
    if found:
        if role and role is not found.role:
            stewards.set_role(found.name, role)
        return replace(found, role=role or found.role)
    if role is None:
        raise Refused(
            403, "You have no role here.", "Ask an admin for an account, or for a role at the provider."
        )
    name = known.name.casefold()
    fresh = Steward(name if NAME.fullmatch(name) else f"oidc-{digest_of(known.subject)[:12]}", role,
                    issuer=issuer, subject=known.subject)  # fmt: skip
    try:
        stewards.add(fresh)
    except StoreError:
        raise Refused(403, "Somebody else has your name here.", "Ask an admin.") from None
    return fresh


def _entered(visit: Visit, steward: Steward, by: str) -> Response:
    # A new token for every log-in: what somebody knew before is worth nothing.
    token, settings = fresh_token(), visit.screen.settings
    visit.screen.stewards.begin_session(digest_of(token), steward.name, settings.lasts)
    if visit.session:
        visit.screen.stewards.end_session(visit.session)
    _LOG.info("logged_in", by=by, role=steward.role.value)
    response = visit.go(_home(steward))
    visit.screen.cookie.put(response, token)
    visit.screen.lobby.drop(response)
    return response


def _home(steward: Steward) -> str:
    return address() if steward.role is not Role.ADMIN else address("accounts")


def _asking(visit: Visit, status: int = 200, problem: str = "") -> Response:
    """Return the page that asks. Its form carries what only this browser has."""
    token = visit.token or fresh_token()
    outside = replace(visit, token=token, steward=None)
    response = outside.page(
        "login.html", status, problem=problem, name=visit.said("name"), oidc=visit.screen.settings.oidc
    )
    visit.screen.lobby.put(response, token)
    return response


def _oidc(visit: Visit) -> OidcSettings:
    if visit.screen.settings.oidc is None:
        raise Refused(404, "No identity provider is set up.", "Log in with a password.")
    return visit.screen.settings.oidc


def _trips(visit: Visit) -> Cookie:
    return replace(visit.screen.cookie, name="trip")


def _back(visit: Visit) -> str:
    scheme = "http" if visit.screen.settings.development else "https"
    return f"{scheme}://{visit.request.headers['host']}{address('oidc', 'back')}"


PLACES = (
    Place("GET", "/login", EVERYBODY, login_page),
    Place("POST", "/login", EVERYBODY, login),
    Place("POST", "/logout", EVERYBODY, logout),
    Place("GET", "/oidc", EVERYBODY, oidc_begin),
    Place("GET", "/oidc/back", EVERYBODY, oidc_back),
)
