"""Texts that only who knows a secret can make: anybody may carry them, nobody can change them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

__all__ = ["seal", "unseal"]

_DIGEST = 16


def seal(secret: bytes, content: str) -> str:
    """Return `content` with a proof of who made it, in letters that addresses may hold. It is not hidden in there."""
    told = content.encode()
    return base64.urlsafe_b64encode(_proof(secret, told) + told).decode().rstrip("=")


def unseal(secret: bytes, sealed: str) -> str | None:
    """Return the content; None for a text that this secret did not seal."""
    try:
        found = base64.urlsafe_b64decode(sealed.encode() + b"=" * (-len(sealed) % 4))
        told = found[_DIGEST:].decode()
    except (ValueError, binascii.Error):
        return None
    return told if hmac.compare_digest(found[:_DIGEST], _proof(secret, found[_DIGEST:])) else None


def _proof(secret: bytes, content: bytes) -> bytes:
    return hmac.new(secret, b"unsubscribe\x1f" + content, hashlib.sha256).digest()[:_DIGEST]
