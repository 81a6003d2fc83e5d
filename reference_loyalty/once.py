"""Idempotency keys: a request that comes twice happens once. The reply is kept in the transaction of the effect."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from reference_loyalty.database import Work
from reference_loyalty.problems import Problem

__all__ = ["digest", "once"]


def digest(*parts: object) -> str:
    """Return what tells one request from another: SHA-256 of its canonical parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def once(
    work: Work, key: str, request: str, act: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """Return the reply of `act`, and whether it was given before. IDEMPOTENCY_KEY_REUSED.

    A refusal is not kept: nothing happened, and the same request may succeed later.
    """
    row = work.row("select request, reply from once where key = ?", key)
    if row is None:
        reply = act()
        work.run("insert into once values (?, ?, ?, ?)", key, request, json.dumps(reply), work.at)
        return reply, False
    if row["request"] != request:
        raise Problem("IDEMPOTENCY_KEY_REUSED", "Take a new key for a new request.")
    return json.loads(row["reply"]), True
