"""Numbers that stand for values where values must not stand in clear."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

__all__ = ["Digest", "digest", "keyed_digest"]

Digest = Callable[[str], int]
"""A text → an unsigned 64-bit number."""


def digest(value: str) -> int:
    """Return the 64-bit number that stands for `value` in stored models."""
    return int.from_bytes(hashlib.blake2b(value.encode(), digest_size=8).digest(), "big")


def keyed_digest(secret: bytes) -> Digest:
    """Return the digest that only who knows `secret` (up to 64 bytes) can make: nobody else can try values out."""
    start = hashlib.blake2b(key=secret, digest_size=8)

    def digest_of(value: str) -> int:
        begun = start.copy()
        begun.update(value.encode())
        return int.from_bytes(begun.digest(), "big")

    return digest_of
