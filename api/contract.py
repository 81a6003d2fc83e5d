"""The OpenAPI document: what FastAPI finds out from the routes, with what stands at the door added to each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from api import answers, answers_of_requests, message_bodies
from api import schemas as asked
from api.deprecation import Deprecation
from api.refusals import ALWAYS, refusals
from api.schemas import ProblemBody

__all__ = ["document"]

_ABOUT = """\
Who a customer is, across point of sale, ecommerce, loyalty and ERP.

Every refusal is an RFC 9457 problem (`application/problem+json`) with a stable `code`: branch on it. Besides what is
listed here an address that does not exist answers 404, a method that an address does not take 405 (with `Allow`), and
what nobody foresaw 500 (`UNFORESEEN`); all of them are problems too.
"""
_TAGS = {
    "records": "Source records, told and taken back.",
    "intake": "Messages of systems that tell by themselves what changes: signed, without a token.",
    "profiles": "Golden profiles: one for each person.",
    "lookup": "Who somebody is. What is asked travels in the body, so that it is in no log of addresses.",
    "decisions": "What people decide about profiles, and take back.",
    "consents": "What people allow: told, asked, proven, taken back.",
    "explanations": "Why two belong together or not, and how a profile came to be.",
    "crosswalk and events": "For systems that follow.",
    "privacy": "What people ask about what is held of them.",
    "jobs": "Long work: files in, files out.",
    "operations": "Whether the service is well, re-matches and models.",
}
_NAME = {"type": "string", "maxLength": 128, "pattern": "^[A-Za-z0-9._:/-]{1,128}$"}
_NAMES = {
    "X-Request-ID": "The name of this request; given by the caller, or made here.",
    "X-Correlation-ID": "The name of what it is part of: goes into events, operations and the log.",
}
_ASKED = {
    name: {"name": name, "in": "header", "required": False, "description": told, "schema": _NAME}
    for name, told in _NAMES.items()
}


def _header(told: str, **schema: Any) -> dict[str, Any]:
    return {"description": told, "schema": {"type": "string", **schema}}


_HEADERS = {
    **{name: _header(told) for name, told in _NAMES.items()},
    "Retry-After": _header("Seconds to wait before asking again.", pattern="^[0-9]+$"),
    "WWW-Authenticate": _header("How to be let in (RFC 6750)."),
    "Idempotency-Replayed": _header(
        "There when an earlier answer to the same key is repeated.", const="true"
    ),
    "ETag": _header("The profile's version, for If-None-Match and If-Match.", pattern='^"[0-9]+"$'),
    "Content-Location": _header("The survivor's address, where another id was asked for."),
}
_BY_STATUS = {"401": ["WWW-Authenticate"], "429": ["Retry-After"], "503": ["Retry-After"]}
_ALIKE = {str(status) for status in ALWAYS}
"""Refusals that are the same for every route; one description of each is enough."""


_MODELS = [
    each for module in (answers, answers_of_requests, asked, message_bodies) for each in vars(module).values()
]


def document(app: FastAPI, deprecated: Mapping[str, Deprecation]) -> Callable[[], dict[str, Any]]:
    """Return what makes the OpenAPI document of an application, once. `deprecated` goes by operation id."""

    def made() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, deprecated)
        return app.openapi_schema

    return made


def _document(app: FastAPI, deprecated: Mapping[str, Deprecation]) -> dict[str, Any]:
    told = get_openapi(
        title=app.title,
        version=version("customer-identity"),
        summary=app.summary,
        description=_ABOUT,
        routes=app.routes,
        tags=[{"name": name, "description": about} for name, about in _TAGS.items()],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        separate_input_output_schemas=False,
    )
    problem = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    shared = told["components"]
    shared["schemas"] |= {**problem.pop("$defs"), "ProblemBody": problem}
    shared |= {"headers": _HEADERS, "parameters": _ASKED, "responses": _shared_refusals()}
    _show_examples(shared["schemas"])
    for path, operation in _operations(told):
        _complete(path, operation)
        if (notice := deprecated.get(operation["operationId"])) is not None:
            notice.mark(operation)
    return told


def _show_examples(schemas: dict[str, Any]) -> None:
    """Put the examples in as they were written: FastAPI leaves every null out of its document."""
    for each in _MODELS:
        if isinstance(each, type) and issubclass(each, BaseModel) and each.__name__ in schemas:
            extra = each.model_config.get("json_schema_extra") or {}
            if isinstance(extra, Mapping):
                schemas[each.__name__].update(extra)


def _operations(told: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((path, operation) for path, methods in told["paths"].items() for operation in methods.values())


def _complete(path: str, operation: dict[str, Any]) -> None:
    """Add to an operation what the door asks and tells, and leave out what it cannot answer."""
    responses, parameters = operation["responses"], operation.setdefault("parameters", [])
    if "requestBody" not in operation:
        responses.pop("408", None)
    if "requestBody" not in operation and not parameters:
        responses.pop("422", None)
    keyed = any(each["name"] == "Idempotency-Key" for each in parameters)
    parameters += [_ref("parameters", name) for name in _ASKED]
    operation["summary"] = re.split(r"[.:;] |\.$", operation["description"].replace("\n", " "))[0]
    for status, response in responses.items():
        if _is_alike(status, response):
            responses[status] = _ref("responses", f"Refused{status}")
            continue
        names = [*_NAMES, *_BY_STATUS.get(status, ()), *(["Idempotency-Replayed"] if keyed else ())]
        if path == "/v1/profiles/{golden_id}" and status in ("200", "304"):
            names += ["ETag", "Content-Location"]
        response.setdefault("headers", {}).update({name: _ref("headers", name) for name in names})


def _is_alike(status: str, response: Mapping[str, Any]) -> bool:
    return status in _ALIKE and "application/problem+json" in response.get("content", ())


def _shared_refusals() -> dict[str, Any]:
    return {
        f"Refused{status}": {
            **told,
            "headers": {name: _ref("headers", name) for name in (*_NAMES, *_BY_STATUS.get(str(status), ()))},
        }
        for status, told in refusals().items()
    }


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
