"""Log in with the company's own identity provider: authorisation code with PKCE, checked in every part."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from stewardship.places import Refused
from stewardship.sessions import fresh_token, same
from stewardship.settings import OidcSettings

__all__ = ["Known", "Trip", "begun", "returned"]

_ALGORITHMS = ("ES256", "RS256", "PS256", "ES384")
_PATIENCE, _LEEWAY = 5.0, 30
_SCOPE = "openid profile"


@dataclass(frozen=True, slots=True)
class Trip:
    """What a browser keeps while it is at the provider: nobody else can have made up what comes back with it."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def fresh(cls) -> Trip:
        return cls(fresh_token(), fresh_token(), fresh_token() + fresh_token())

    @classmethod
    def of(cls, cookie: str) -> Trip:
        """Return the trip that a cookie tells. Refused where it tells none."""
        parts = cookie.split(".")
        if len(parts) != 3 or not all(parts):
            raise Refused(400, "This log-in was not begun here, or long ago.", "Begin it again.")
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.state}.{self.nonce}.{self.verifier}"


@dataclass(frozen=True, slots=True)
class Known:
    """Who the provider says somebody is, and the roles it gives them."""

    subject: str
    name: str
    roles: tuple[str, ...]


def begun(settings: OidcSettings, trip: Trip, back: str) -> str:
    """Return the address of the provider to go to. Refused 503 when it is away."""
    return str(
        prepare_grant_uri(
            _provider(settings)["authorization_endpoint"],
            client_id=settings.client_id,
            response_type="code",
            redirect_uri=back,
            scope=_SCOPE,
            state=trip.state,
            nonce=trip.nonce,
            code_challenge=create_s256_code_challenge(trip.verifier),
            code_challenge_method="S256",
        )
    )


def returned(settings: OidcSettings, trip: Trip, told: Mapping[str, str], back: str) -> Known:
    """Return who came back from the provider. Refused where anything of it does not fit."""
    # RFC 9207: who answers says who it is; it is checked where it is said.
    if not same(told.get("state", ""), trip.state) or told.get("iss", settings.issuer) != settings.issuer:
        raise Refused(400, "This log-in was not begun here, or long ago.", "Begin it again.")
    if "code" not in told:
        raise Refused(403, "The identity provider did not let you in.", "Ask who runs it.")
    provider = _provider(settings)
    tokens = _exchanged(settings, provider["token_endpoint"], told["code"], trip, back)
    return _checked(settings, provider["jwks_uri"], tokens, trip)


def _exchanged(settings: OidcSettings, endpoint: str, code: str, trip: Trip, back: str) -> Mapping[str, Any]:
    asked = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": back,
        "client_id": settings.client_id, "code_verifier": trip.verifier,
    }  # fmt: skip
    secret = (settings.client_id, settings.client_secret) if settings.client_secret else None
    try:
        answer = httpx2.post(endpoint, data=asked, auth=secret, timeout=_PATIENCE)
        tokens = answer.raise_for_status().json()
    except (httpx2.HTTPError, ValueError):
        raise _unwilling() from None
    if not isinstance(tokens, dict) or not isinstance(tokens.get("id_token"), str):
        raise _unwilling()
    return tokens


def _checked(settings: OidcSettings, jwks: str, tokens: Mapping[str, Any], trip: Trip) -> Known:
    try:
        keys = KeySet.import_key_set(_fetched(jwks))  # type: ignore[arg-type]
        token = jwt.decode(tokens["id_token"], keys, algorithms=_ALGORITHMS)
        wanted = {"iss": {"essential": True, "value": settings.issuer}, "aud": {"value": settings.client_id}}
        params = {"nonce": trip.nonce, "client_id": settings.client_id}
        claims = CodeIDToken(
            token.claims, token.header, wanted, params | {"access_token": tokens.get("access_token")}
        )
        claims.validate(int(time.time()), _LEEWAY)
    except (JoseError, ValueError, TypeError, KeyError):
        raise _unwilling() from None
    subject, name = str(claims["sub"]), claims.get("preferred_username") or claims["sub"]
    roles = claims.get(settings.role_claim, ())
    return Known(subject, str(name), tuple([roles] if isinstance(roles, str) else map(str, roles)))


def _provider(settings: OidcSettings) -> Mapping[str, str]:
    told = _fetched(f"{settings.issuer}/.well-known/openid-configuration")
    needed = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
    if any(not isinstance(told.get(name), str) for name in needed) or told["issuer"] != settings.issuer:
        raise _unwilling()
    return told


def _fetched(place: str) -> dict[str, Any]:
    try:
        content = httpx2.get(place, timeout=_PATIENCE, follow_redirects=False).raise_for_status().content
        told = orjson.loads(content)
    except (httpx2.HTTPError, ValueError):
        raise Refused(503, "The identity provider does not answer.", "Try again in a while.") from None
    return told if isinstance(told, dict) else {}


def _unwilling() -> Refused:
    return Refused(
        403, "What the identity provider says does not hold.", "Begin again; ask who runs it if it stays so."
    )
