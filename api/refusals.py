"""The refusals that routes document."""

from __future__ import annotations

from typing import Any

from api.schemas import ProblemBody

__all__ = ["refusals"]

_MEANINGS = {
    400: "The request cannot be read.",
    401: "No token, or none of the issuer's.",
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
_ALWAYS = (400, 401, 403, 408, 413, 422, 429, 503)


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what FastAPI documents of these refusals and of those that any route may answer."""
    return {
        status: {
            "model": ProblemBody,
            "description": _MEANINGS[status],
            "content": {"application/problem+json": {}},
        }
        for status in sorted({*_ALWAYS, *statuses})
    }
