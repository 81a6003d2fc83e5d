"""Every refusal as RFC 9457 problem details: a stable code, one sentence, what to do next; never what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from identity.model.errors import (
    Contention,
    DecisionRefused,
    DeliveryError,
    FileError,
    IdentityError,
    LookupFailed,
    ModelError,
    RowError,
    RulesError,
    StoreError,
)

__all__ = ["Problem", "of_error", "of_http", "of_validation", "problem_response"]


class Problem(Exception):
    """A refusal by the HTTP face itself."""

    def __init__(
        self, status: int, code: str, title: str, detail: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.title, self.detail = status, code, title, detail
        self.headers = dict(headers or {})


# The first that fits: subclasses stand before their bases.
_STATUSES: Sequence[tuple[type[IdentityError], int]] = (
    (Contention, 503),
    (StoreError, 503),
    (LookupFailed, 404),
    (DecisionRefused, 409),
    (RowError, 422),
    (FileError, 422),
    (ModelError, 409),
    (DeliveryError, 409),
    (RulesError, 500),
)
_OWN_STATUS = {"E222": 503, "E503": 503, "E507": 422}
_LATER = {503: "1", 429: "1"}


def problem_response(
    request: Request,
    status: int,
    code: str,
    title: str,
    detail: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """Return a problem as a response; what may be tried again says when."""
    body = {
        "type": f"urn:customer-identity:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request.scope.get("request_id", ""),
        **more,
    }
    later = {"Retry-After": _LATER[status]} if status in _LATER else {}
    return Response(
        orjson.dumps(body), status, {**later, **(headers or {})}, media_type="application/problem+json"
    )


def of_problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return problem_response(
        request, problem.status, problem.code, problem.title, problem.detail, headers=problem.headers
    )


def of_error(request: Request, error: Exception) -> Response:
    """Translate what the domain refuses."""
    assert isinstance(error, IdentityError)
    status = _OWN_STATUS.get(error.code) or next(s for kind, s in _STATUSES if isinstance(error, kind))
    return problem_response(request, status, error.code, error.message, error.remedy)


def of_validation(request: Request, error: Exception) -> Response:
    """Say where a request is not as it has to be, without repeating anything of it."""
    assert isinstance(error, RequestValidationError)
    places = [
        {"place": _place(found["loc"], found["type"]), "problem": _said(found["type"])}
        for found in error.errors()[:20]
    ]
    return problem_response(
        request, 422, "INVALID_REQUEST", "The request is not as it has to be.", "See `places`.", places=places
    )


def _place(where: Sequence[Any], kind: str) -> str:
    """Return where it is; a name that nobody declared is the caller's own, and not repeated."""
    named = [*where[:-1], "(a name nobody knows)"] if kind == "extra_forbidden" else list(where)
    return ".".join("*" if _foreign(each) else str(each) for each in named)


def _foreign(part: Any) -> bool:
    return isinstance(part, str) and not ((part.isidentifier() and part.isascii()) or part.startswith("("))


def _said(kind: str) -> str:
    """Return what is wrong, by pydantic's word for it: its sentences may quote what was sent."""
    return kind.replace("_", " ")


_WORDS = {
    400: ("INVALID_REQUEST", "The request cannot be read.", "Send what the documentation under /docs shows."),
    404: ("NOT_FOUND", "There is nothing at this address.", "See /docs for what there is."),
    405: ("METHOD_NOT_ALLOWED", "This address does not take this method.", "See /docs for what it takes."),
    408: ("TOO_SLOW", "The request did not arrive in time.", "Send it again."),
    413: ("TOO_LARGE", "The request is too large.", "Send it in parts, or as an upload."),
}


def of_http(request: Request, error: Exception) -> Response:
    """Translate what the framework refuses."""
    assert isinstance(error, HTTPException)
    usual = ("REFUSED", "The request was refused.", "")
    code, title, detail = _WORDS.get(error.status_code, usual)
    return problem_response(request, error.status_code, code, title, detail, headers=error.headers)
