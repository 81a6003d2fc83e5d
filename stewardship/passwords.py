"""Passwords: hashed with argon2id, compared in the same time whether somebody is known or not."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

__all__ = ["LEAST", "hashed", "suits"]

LEAST = 12
"""A password has at least this many characters."""
_LONGEST = 1_024
_HASHER = PasswordHasher()


def hashed(password: str) -> str:
    """Return what is stored of a password. ValueError for one that is too short, or absurdly long."""
    if not LEAST <= len(password) <= _LONGEST:
        raise ValueError(f"A password has {LEAST} to {_LONGEST} characters.")
    return _HASHER.hash(password)


def suits(password: str, stored: str) -> bool:
    """Say whether a password is the one stored. Nobody's ("") never is, and it takes as long to say so."""
    try:
        _HASHER.verify(stored or _nobodys(), password[:_LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody has this password")
