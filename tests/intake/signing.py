"""Messages as systems sign and send them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

__all__ = ["LOYALTY", "SECRETS", "SHOPIFY", "shopify", "standard"]

SHOPIFY = ("shpss_0123456789abcdef", "shpss_fedcba9876543210")
LOYALTY = tuple("whsec_" + base64.b64encode(bytes([n]) * 24).decode() for n in (1, 2))
SECRETS = {"ECOMMERCE": SHOPIFY, "LOYALTY": LOYALTY, "POS": LOYALTY}


def shopify(
    topic: str, told: Any, message_id: str, secret: str = SHOPIFY[0], triggered_at: str = ""
) -> dict[str, Any]:
    """What a POST is made of."""
    content = told if isinstance(told, bytes) else json.dumps(told).encode()
    signature = base64.b64encode(hmac.digest(secret.encode(), content, hashlib.sha256)).decode()
    headers = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Webhook-Id": message_id,
        "X-Shopify-Hmac-Sha256": signature,
        "Content-Type": "application/json",
    }
    if triggered_at:
        headers["X-Shopify-Triggered-At"] = triggered_at
    return {"url": "/v1/intake/shopify/ecommerce", "content": content, "headers": headers}


def standard(
    told: Any, message_id: str, secret: str = LOYALTY[0], at: datetime | None = None, source: str = "loyalty"
) -> dict[str, Any]:
    """What a POST is made of."""
    text, at = json.dumps(told), at or datetime.now(UTC)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, text),
    }
    return {"url": f"/v1/intake/loyalty/{source}", "content": text.encode(), "headers": headers}
