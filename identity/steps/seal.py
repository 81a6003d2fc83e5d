"""seal: an entry of the audit trail and the hash before it → its hash (HMAC-SHA-256, in hex)."""

from __future__ import annotations

import hmac
from datetime import UTC

import orjson

from identity.model.audit import AuditHead, SealedEntry

__all__ = ["derived_key", "seal", "sealed_head"]


def seal(key: bytes, before: str, entry: SealedEntry) -> str:
    """Return the hash that an entry has behind another one ("": the first); its own `hash` is not read."""
    row = [
        before, entry.seq, entry.at.astimezone(UTC).isoformat(timespec="microseconds"), entry.actor, entry.action,
        entry.subject, entry.purpose, entry.details,
    ]  # fmt: skip
    return hmac.digest(key, b"entry\x1f" + orjson.dumps(row), "sha256").hex()


def sealed_head(key: bytes, seq: int, entry_hash: str) -> AuditHead:
    """Return the head of a trail that ends with an entry."""
    told = b"head\x1f" + orjson.dumps([seq, entry_hash])
    return AuditHead(seq, entry_hash, hmac.digest(key, told, "sha256").hex())


def derived_key(secret: str, use: str) -> bytes:
    """Return a key for one use, made of a secret that has another."""
    return hmac.digest(secret.encode(), f"customer-identity {use}".encode(), "sha256")
