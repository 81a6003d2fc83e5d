"""Accounts: opened, changed and closed by an admin, at the command line or on the screen."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from identity.bootstrap import Service, SystemClock
from identity.model.errors import LookupFailed, StoreError
from identity.model.steward import Role, Steward
from stewardship.login import NAME
from stewardship.passwords import hashed
from stewardship.places import Place, Refused
from stewardship.rights import MAY, Right
from stewardship.visit import Visit, address

__all__ = ["DEMO", "PLACES", "demo_account", "opened"]

DEMO = "demo"


def opened(
    service: Service, name: str, role: str, password: str = "", issuer: str = "", subject: str = ""
) -> Steward:
    """Open an account; return it. ValueError for a name, a role or a password that cannot be; StoreError E421 for a
    name that is taken."""
    if not NAME.fullmatch(name):
        raise ValueError(
            "A name has 1 to 64 small letters, digits and . _ @ -, and begins with a letter or digit."
        )
    if role not in set(Role):
        raise ValueError(f"There is no role {role!r}. Use one of: {', '.join(Role)}.")
    if bool(subject) != bool(issuer) or not (password or subject):
        raise ValueError("Give a password, or the issuer and its subject.")
    fresh = Steward(name, Role(role), hashed(password) if password else "", issuer, subject)
    service.store.stewards(SystemClock()).add(fresh)
    return fresh


def demo_account(service: Service) -> tuple[str, str]:
    """Return name and password of the account that shows everything; the password is another every time."""
    stewards, password = service.store.stewards(SystemClock()), secrets.token_urlsafe(12)
    try:
        opened(service, DEMO, Role.LEAD, password)
    except StoreError:
        stewards.set_password(DEMO, hashed(password))
        stewards.set_active(DEMO, active=True)
    return DEMO, password


def accounts(visit: Visit) -> Response:
    """Show who has an account, and what each role may do."""
    return visit.page("accounts.html", **_shown(visit))


def _shown(visit: Visit) -> Mapping[str, Any]:
    return {
        "stewards": visit.screen.stewards.stewards(), "Role": Role, "Right": Right, "MAY": MAY,
        "told_notice": visit.asked.get("note", ""), "problem": "",
    }  # fmt: skip


def add(visit: Visit) -> Response:
    """Open an account."""
    try:
        opened(visit.service, visit.said("name"), visit.said("role"), str(visit.form.get("password", "")))
    except (ValueError, StoreError) as problem:
        told = problem.message if isinstance(problem, StoreError) else str(problem)
        return visit.page("accounts.html", 400, **{**_shown(visit), "problem": told})
    return visit.go(address("accounts", note="added"))


def change(visit: Visit) -> Response:
    """Give somebody another role, or close or open their account. Nobody changes their own."""
    name, role = visit.named["name"], visit.said("role")
    if name == visit.who:
        raise Refused(400, "Your own account is changed by somebody else.")
    if visit.screen.stewards.steward(name) is None:
        raise LookupFailed("E530", "Nobody has an account by this name.")
    if role in set(Role):
        visit.screen.stewards.set_role(name, Role(role))
    if visit.said("active") in ("yes", "no"):
        visit.screen.stewards.set_active(name, active=visit.said("active") == "yes")
    return visit.go(address("accounts", note="changed"))


PLACES = (
    Place("GET", "/accounts", Right.ACCOUNTS, accounts),
    Place("POST", "/accounts", Right.ACCOUNTS, add),
    Place("POST", "/accounts/{name}", Right.ACCOUNTS, change),
)
