"""Numbers that stand for values where values must not stand in clear."""

from __future__ import annotations

import hashlib

__all__ = ["digest"]


def digest(value: str) -> int:
    """Return the 64-bit number that stands for `value` in stored models and indexes."""
    return int.from_bytes(hashlib.blake2b(value.encode(), digest_size=8).digest(), "big")
