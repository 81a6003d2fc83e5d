"""Bearer tokens: JWTs that are checked against an issuer's keys, or signed here where nobody else issues them."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from api.problems import Problem
from api.scopes import Scope
from api.settings import ApiSettings
from identity.model.errors import RulesError

__all__ = ["Caller", "Tokens", "issue", "local_key"]

_ALGORITHMS = ("ES256", "RS256", "PS256", "ES384")
_LEEWAY = 30
_REMEMBERED = 4_096
_FRESH_KEYS, _AGAIN = 600.0, 30.0
"""Seconds after which keys are fetched anew, and between fetches that a token with an unknown key asks for."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A client, and what it may do."""

    client: str
    scopes: frozenset[str]
    expires: float


def local_key(path: Path) -> ECKey:
    """Return the key in this file, which is made with rights for its owner only where there is none."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_once(path, ECKey.generate_key("P-256", private=True))
        return ECKey.import_key(orjson.loads(path.read_bytes()))
    except (OSError, ValueError, JoseError):
        raise RulesError(
            "E141",
            f"{path} is no signing key, or cannot be used.",
            "Remove it, or name another with IDENTITY_SIGNING_KEY_FILE.",
        ) from None


def _write_once(path: Path, key: ECKey) -> None:
    """Write a key whole or not at all: of two who make it at once both read the same afterwards."""
    opened, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # for its owner only
    fresh = Path(name)
    with os.fdopen(opened, "wb") as file:
        file.write(orjson.dumps(key.as_dict(private=True)))
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def issue(
    settings: ApiSettings, client: str, scopes: Collection[str], seconds: int, now: float | None = None
) -> str:
    """Return a token signed with the local key."""
    key, at = local_key(settings.signing_key), int(now or time.time())
    claims = {
        "iss": settings.issuer,
        "aud": settings.audience,
        "sub": client,
        "client_id": client,
        "scope": " ".join(scopes),
        "iat": at,
        "exp": at + seconds,
    }
    return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": key.thumbprint()}, claims, key)


@dataclass(slots=True)
class Tokens:
    """Says who a token belongs to. One that was checked is remembered until it ends."""

    settings: ApiSettings
    clock: Callable[[], float] = time.time
    _keys: KeySet | None = None
    _fetched: float = float("-inf")
    _known: dict[str, Caller] = field(default_factory=dict)

    def remembered(self, token: str) -> Caller | None:
        """Return the caller of a token that was checked before; quick, and asks nobody."""
        found = self._known.get(token)
        return found if found and found.expires > self.clock() else None

    def caller(self, token: str) -> Caller:
        """Return whose token it is. Problem 401 for one that is not good; may fetch the issuer's keys."""
        try:
            claims = self._claims(token)
        except (JoseError, ValueError, TypeError, KeyError):
            raise unauthenticated("The token is not one of the issuer's.") from None
        found = self._checked(claims)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[token] = found
        return found

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            return dict(jwt.decode(token, self._current(_FRESH_KEYS), algorithms=_ALGORITHMS).claims)
        except JoseError:
            if not self.settings.jwks:
                raise
            return dict(jwt.decode(token, self._current(_AGAIN), algorithms=_ALGORITHMS).claims)

    def _checked(self, claims: dict[str, Any]) -> Caller:
        now, audiences = self.clock(), claims.get("aud", ())
        audiences = [audiences] if isinstance(audiences, str) else audiences
        expires, begins = claims.get("exp"), claims.get("nbf", 0)
        if claims.get("iss") != self.settings.issuer or self.settings.audience not in audiences:
            raise unauthenticated("The token is not for this service.")
        if not isinstance(expires, int | float) or expires + _LEEWAY < now or begins - _LEEWAY > now:
            raise unauthenticated("The token is not valid now.")
        client = claims.get("client_id") or claims.get("azp") or claims.get("sub")
        if not isinstance(client, str) or not client:
            raise unauthenticated("The token names no client.")
        return Caller(client, _scopes(claims), float(expires) + _LEEWAY)

    def _current(self, fresh: float) -> KeySet:
        if self._keys is None or (self.settings.jwks and time.monotonic() - self._fetched > fresh):
            self._keys, self._fetched = self._read(), time.monotonic()
        return self._keys

    def _read(self) -> KeySet:
        if not self.settings.jwks:
            return KeySet([local_key(self.settings.signing_key)])
        try:
            return KeySet.import_key_set(orjson.loads(_content(self.settings.jwks)))
        except (OSError, ValueError, JoseError, httpx2.HTTPError):
            if self._keys is not None:  # an issuer that is away for a while stops nobody
                return self._keys
            raise Problem(
                503, "NO_KEYS", "The issuer's keys cannot be read.", "Look at IDENTITY_JWKS."
            ) from None


def _content(place: str) -> bytes:
    if place.startswith("https://"):
        return httpx2.get(place, timeout=5, follow_redirects=False).raise_for_status().content
    return Path(place).read_bytes()


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    told = claims.get("scope", claims.get("scp", ""))
    given = told.split() if isinstance(told, str) else [str(each) for each in told]
    return frozenset(given) & {scope.value for scope in Scope}


def unauthenticated(title: str) -> Problem:
    return Problem(
        401,
        "UNAUTHENTICATED",
        title,
        "Send `Authorization: Bearer …`; `identity token` prints a token for this machine.",
        {"WWW-Authenticate": 'Bearer realm="customer-identity"'},
    )
