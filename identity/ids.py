"""Ids of changes, operations, loads and runs: short enough to be typed, and later ones sort later."""

from __future__ import annotations

import secrets
import time

__all__ = ["new_id"]


def new_id() -> str:
    """Return 20 hex digits: the milliseconds since 1970 (11), and 36 random bits (9)."""
    return f"{time.time_ns() // 1_000_000:011x}{secrets.randbits(36):09x}"
