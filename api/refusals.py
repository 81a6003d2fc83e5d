"""The refusals that routes document."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

__all__ = ["ALWAYS", "refusals", "refusals_at_the_door", "refusals_of_signed"]

_MEANINGS = {
    400: "The request cannot be read.",
    401: "No token, or none of the issuer's; or a message that its source has not signed.",
    403: "The client lacks the scope.",
    404: "Nobody is known by this.",
    408: "The request did not arrive in time.",
    409: "It contradicts how things stand.",
    410: "The person was erased.",
    412: "The profile is another version by now.",
    413: "The request is too large.",
    422: "Something in the request makes no sense.",
    429: "The client asks for too much.",
    503: "Not now: try again.",
}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
ALWAYS = (400, 401, 403, 408, 413, 422, 429, 503)
"""What any route with a scope may answer. The contract leaves out what one cannot: see `api.contract`."""


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what FastAPI documents of these refusals and of those that any route may answer."""
    return _told({*ALWAYS, *statuses})


def refusals_of_signed() -> dict[int | str, dict[str, Any]]:
    """Return what FastAPI documents of the refusals that a route may answer whose callers sign and have no token."""
    return _told({*ALWAYS, 409} - {403})


def refusals_at_the_door() -> dict[int | str, dict[str, Any]]:
    """Return what FastAPI documents of the refusals that a route without a scope may answer."""
    return _told({400, 413})


def _told(statuses: Collection[int]) -> dict[int | str, dict[str, Any]]:
    return {status: {"description": _MEANINGS[status], "content": _PROBLEM} for status in sorted(statuses)}
