"""What the audit trail is wired with: the key it is sealed with, and the file of its anchors."""

from __future__ import annotations

from identity.settings import Settings
from identity.steps.seal import derived_key

__all__ = ["audit_key"]


def audit_key(settings: Settings) -> bytes | None:
    """Return the key of the trail: the one of the environment, or one made of the secret of the index; None where
    neither is given, and the store makes one of the secret it keeps itself."""
    if settings.audit_key:
        return derived_key(settings.audit_key, "audit trail")
    return derived_key(settings.index_secret, "audit") if settings.index_secret else None
