"""Sessions: a random token in a cookie, its digest in the database; what forms carry is made of the token."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

__all__ = ["Cookie", "csrf_of", "digest_of", "fresh_token", "same"]


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie of this host only. Over https its name makes browsers hold it to that."""

    name: str
    secure: bool

    @property
    def spelled(self) -> str:
        return f"__Host-{self.name}" if self.secure else self.name

    def of(self, request: Request) -> str:
        return request.cookies.get(self.spelled, "")

    def put(self, response: Response, token: str, seconds: int | None = None) -> None:
        response.set_cookie(self.spelled, token, max_age=seconds, **self._how())

    def drop(self, response: Response) -> None:
        response.delete_cookie(self.spelled, **self._how())

    def _how(self) -> dict[str, Any]:
        return {"path": "/", "secure": self.secure, "httponly": True, "samesite": "lax"}


def fresh_token() -> str:
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """Return what the database knows a session by."""
    return hashlib.blake2b(token.encode(), digest_size=32, person=b"session").hexdigest()


def csrf_of(token: str) -> str:
    """Return what every unsafe request of a session has to carry."""
    return hashlib.blake2b(token.encode(), digest_size=16, person=b"csrf").hexdigest()


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
