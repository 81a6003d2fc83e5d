"""A signed message as a route gets it: verified, counted against its source, and carried out once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.security import APIKeyHeader

from api.calls import Call, Context, Reply, Write
from api.problems import Problem
from api.signatures import is_shopifys, is_standard
from api.tokens import Caller
from identity.commands.messages import Message
from identity.connectors.json_rows import nested_too_deep

__all__ = ["SHOPIFY", "SIGNATURES", "STANDARD", "Signed", "signed_by_shopify", "signed_by_standard_webhooks"]

SHOPIFY = APIKeyHeader(
    name="X-Shopify-Hmac-Sha256",
    scheme_name="shopifySignature",
    description="HMAC-SHA256 of the body as it is sent, in base 64, by a secret of the source.",
    auto_error=False,
)
STANDARD = APIKeyHeader(
    name="webhook-signature",
    scheme_name="standardWebhooks",
    description="Standard Webhooks: signs webhook-id, webhook-timestamp and the body by a secret of the source.",
    auto_error=False,
)
SIGNATURES = (SHOPIFY.scheme_name, STANDARD.scheme_name)
"""How the routes are secured that take no token; every other one declares its scopes."""


class Signed:
    """A message that its source has signed."""

    def __init__(self, call: Call, message: Message) -> None:
        self.call = call
        self.message = message

    def header(self, name: str) -> str:
        return self.call.request.headers.get(name, "")

    def once(self, carry_out: Callable[[], dict[str, Any]]) -> Response:
        """Return what `carry_out` tells, or told when the message came before."""
        write = Write(self.call, self.message.message_id)
        return write.once(lambda _: Reply(200, carry_out()))


async def signed_by_shopify(source: str, request: Request) -> Signed:
    """Return a message of Shopify's."""
    body = await request.body()
    await _let_in(source, request, is_shopifys, body)
    return _signed(source, request, request.headers.get("x-shopify-webhook-id", ""), body)


async def signed_by_standard_webhooks(source: str, request: Request) -> Signed:
    """Return a message that is signed as Standard Webhooks has it."""
    body = await request.body()
    await _let_in(source, request, is_standard, body)
    return _signed(source, request, request.headers.get("webhook-id", ""), body)


async def _let_in(
    source: str,
    request: Request,
    verified: Callable[[tuple[str, ...], Mapping[str, str], bytes], bool],
    body: bytes,
) -> None:
    context: Context = request.app.state.context
    known = source in context.service.sources
    secrets = context.settings.intake.get(source.upper().replace("-", "_"), ()) if known else ()
    if not verified(secrets, request.headers, body):
        raise Problem(
            401,
            "BAD_SIGNATURE",
            "The message is not signed by a secret of its source.",
            "Sign the body as it is sent, with a secret that the service is given.",
            {"WWW-Authenticate": "Signature"},
        )
    # Counted behind the signature only: nobody else can use up what the source may send.
    request.scope["client_name"] = f"intake:{source}"
    await context.limits.message(f"intake:{source}")


def _signed(source: str, request: Request, message_id: str, body: bytes) -> Signed:
    context: Context = request.app.state.context
    if not (0 < len(message_id) <= 255 and message_id.isascii() and message_id.isprintable()):
        raise Problem(400, "INVALID_REQUEST", "The message has no id.", "Send the header that names it.")
    correlation_id = request.scope["correlation_id"]
    caller = Caller(f"intake:{source}", frozenset(), 0.0)
    message = Message(source, message_id, _object(body), correlation_id)
    return Signed(Call(context, caller, correlation_id, request), message)


def _object(body: bytes) -> Mapping[str, object]:
    """Return the JSON object of a body, numbers as the text they are written in."""
    try:
        told = json.loads(body.decode(), parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or nested_too_deep(told):
        raise Problem(400, "INVALID_REQUEST", "The body is no JSON object.", "Send one.")
    return told
