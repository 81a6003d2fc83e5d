"""signing: an event in bytes → the headers by which a receiver knows who sent it (Standard Webhooks).

The database knows secrets by name. What they are is in the environment, or in files that only this service reads.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from identity.model.errors import DeliveryError

__all__ = ["VARIABLE", "Secrets", "secrets_from", "signed"]

Secrets = Callable[[str], str]
"""Returns the secret of a name. DeliveryError E704 where there is none."""

VARIABLE = "IDENTITY_WEBHOOK_SECRET_"
_LEAST_BYTES = 24  # what the specification asks for


def secrets_from(environment: Mapping[str, str], folder: Path | None = None) -> Secrets:
    """Return what finds a secret: in the variable IDENTITY_WEBHOOK_SECRET_NAME, else in the file `name` of a folder."""

    def secret(name: str) -> str:
        variable = f"{VARIABLE}{name.upper().replace('-', '_')}"
        if found := environment.get(variable, "").strip():
            return found
        if folder and (found := _written(folder / name)):
            return found
        raise DeliveryError("E704", f"There is no secret {name}.", f"Set {variable}, or write it to a file.")

    return secret


def _written(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip() if file.is_file() else ""
    except (OSError, UnicodeDecodeError) as problem:
        # What it holds is not repeated.
        raise DeliveryError(
            "E704", f"The secret in {file} cannot be read: {type(problem).__name__}."
        ) from None


def signed(
    content: bytes, event_id: str, at: datetime, names: Sequence[str], secrets: Secrets
) -> dict[str, str]:
    """Return the headers of one message: its id, the moment, and a signature by each secret, the newest first.

    A receiver takes any of the signatures: while a secret is replaced, the old one and the new one both hold.
    DeliveryError E704 where a secret is missing or is none.
    """
    text = content.decode()
    signatures = [_webhook(name, secrets).sign(event_id, at, text) for name in names]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _webhook(name: str, secrets: Secrets) -> Webhook:
    told = secrets(name)
    encoded = told.removeprefix("whsec_")
    try:
        if len(binascii.a2b_base64(encoded + "==", strict_mode=False)) >= _LEAST_BYTES:
            return Webhook(told)
    except (binascii.Error, ValueError, EmptyWebhookSecretError):
        pass
    raise DeliveryError(
        "E704", f"The secret {name} is none.", "whsec_ and at least 24 random bytes in base 64."
    )
