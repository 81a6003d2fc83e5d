"""Who sends a message is known by its signature, over the body as it came; there is no token.

A signature is compared in constant time with one by each secret of the source: while a secret is replaced, the old one
and the new one both hold. A source without a secret is refused like one with a wrong signature.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from standardwebhooks import Webhook, WebhookVerificationError

from identity.model.errors import RulesError

__all__ = ["Secrets", "intake_secrets_from", "is_shopifys", "is_standard"]

Secrets = Mapping[str, tuple[str, ...]]
"""The secrets of each source that may send, by the source's name as variables spell it: ECOMMERCE."""

_VARIABLE = re.compile("IDENTITY_INTAKE_([A-Z0-9_]+?)_SECRETS(_FILE)?")
_LEAST_CHARACTERS, _LEAST_BYTES = 16, 24
_STANDARD = "whsec_"

Verify = Callable[[Sequence[str], Mapping[str, str], bytes], bool]


def intake_secrets_from(environment: Mapping[str, str]) -> Secrets:
    """Return what IDENTITY_INTAKE_SOURCE_SECRETS (with commas) and IDENTITY_INTAKE_SOURCE_SECRETS_FILE (a line for
    each) name. RulesError E119 for one that is none or cannot be read; it is not repeated."""
    found: dict[str, tuple[str, ...]] = {}
    for variable, value in sorted(environment.items()):
        if named := _VARIABLE.fullmatch(variable):
            told = _written(variable, value) if named[2] else value
            secrets = tuple(word for word in re.split(r"[\s,]+", told) if word)
            if not secrets or not all(map(_usable, secrets)):
                raise RulesError("E119", f"{variable} makes no sense.", _REMEDY)
            found[named[1]] = (*found.get(named[1], ()), *secrets)
    return found


_REMEDY = "Each secret has at least 16 characters; a whsec_ one at least 24 bytes in base 64."


def _written(variable: str, file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise RulesError(
            "E119", f"The file that {variable} names cannot be read: {type(problem).__name__}."
        ) from None


def _usable(secret: str) -> bool:
    if not secret.startswith(_STANDARD):
        return len(secret) >= _LEAST_CHARACTERS
    try:
        return len(base64.b64decode(secret.removeprefix(_STANDARD) + "==")) >= _LEAST_BYTES
    except ValueError:
        return False


def is_shopifys(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> bool:
    """Say whether X-Shopify-Hmac-Sha256 is the HMAC of the body, in base 64, by one of the secrets."""
    told = headers.get("x-shopify-hmac-sha256", "").encode()
    made = [base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)) for secret in secrets]
    # All are compared: how long it takes does not tell which one it was.
    return True in [hmac.compare_digest(each, told) for each in made]


def is_standard(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> bool:
    """Say whether the message is signed as Standard Webhooks has it, within the last five minutes."""
    told = {name: headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    usable = [secret for secret in secrets if secret.startswith(_STANDARD)]
    return True in [_verified(Webhook(secret), told, body) for secret in usable]


def _verified(webhook: Webhook, headers: dict[str, str], body: bytes) -> bool:
    try:
        webhook.verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):  # what cannot be read as a signature is none
        return False
    return True
