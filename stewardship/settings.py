"""What the environment decides about the screen: how people log in, how long they stay, when two have to decide."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from identity.environment import revealed
from identity.model.errors import RulesError

__all__ = ["OidcSettings", "ScreenSettings", "screen_settings_from"]


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """Who says who somebody is. `role_claim` names the claim that holds the name of their role here."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    role_claim: str = "roles"


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """In `development` this machine is served over plain HTTP. A session ends after `idle`, and after `lasts` at the
    latest; personal values stay revealed for `reveal`; who sits down at a task has it for `lease`. Merges and splits
    of at least the impact `four_eyes` need two people (None: one is enough)."""

    development: bool = True
    idle: timedelta = timedelta(minutes=30)
    lasts: timedelta = timedelta(hours=12)
    reveal: timedelta = timedelta(minutes=30)
    lease: timedelta = timedelta(minutes=15)
    four_eyes: float | None = None
    limits_url: str = "memory://"
    oidc: OidcSettings | None = None


_MINUTES, _URL = "[1-9][0-9]{0,4}", r"(https://\S+|http://(127\.0\.0\.1|localhost)(:[0-9]+)?(/\S*)?)?"


def screen_settings_from(environment: Mapping[str, str]) -> ScreenSettings:
    """Return the settings that the environment gives: IDENTITY_MODE, _LIMITS_URL, _SESSION_IDLE, _SESSION_LASTS,
    _REVEAL_LASTS, _CLAIM_LASTS (minutes), _FOUR_EYES (an impact), _OIDC_ISSUER, _OIDC_CLIENT_ID, _OIDC_CLIENT_SECRET,
    _OIDC_ROLE_CLAIM.

    RulesError E119 for a setting that makes no sense; it is not repeated.
    """
    shipped, environment = ScreenSettings(), revealed(environment)
    four_eyes = _told(environment, "FOUR_EYES", "", r"([0-9]{1,4}(\.[0-9]+)?)?")
    return ScreenSettings(
        environment.get("IDENTITY_MODE", "development") == "development",
        _minutes(environment, "SESSION_IDLE", shipped.idle),
        _minutes(environment, "SESSION_LASTS", shipped.lasts),
        _minutes(environment, "REVEAL_LASTS", shipped.reveal),
        _minutes(environment, "CLAIM_LASTS", shipped.lease),
        float(four_eyes) if four_eyes else None,
        environment.get("IDENTITY_LIMITS_URL", shipped.limits_url),
        _oidc(environment),
    )


def _oidc(environment: Mapping[str, str]) -> OidcSettings | None:
    issuer = _told(environment, "OIDC_ISSUER", "", _URL)
    if not issuer:
        return None
    return OidcSettings(
        issuer.rstrip("/"),
        _told(environment, "OIDC_CLIENT_ID", "", r"[!-~]{1,200}"),
        _told(environment, "OIDC_CLIENT_SECRET", "", r"[!-~]{0,400}"),
        _told(environment, "OIDC_ROLE_CLAIM", "roles", r"[!-~]{1,100}"),
    )


def _minutes(environment: Mapping[str, str], name: str, shipped: timedelta) -> timedelta:
    usual = str(round(shipped.total_seconds() / 60))
    return timedelta(minutes=int(_told(environment, name, usual, _MINUTES)))


def _told(environment: Mapping[str, str], name: str, default: str, pattern: str) -> str:
    value = environment.get(f"IDENTITY_{name}", default)
    if not re.fullmatch(pattern, value):
        raise RulesError("E119", f"IDENTITY_{name} makes no sense.", f"Shipped: {default or 'nothing'}.")
    return value
