"""Which changes of the contract are found to break callers, and which are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from api.openapi import written
from tests.contract.breaking import breaking

DOCS = Path(__file__).parents[2] / "docs"
Document = dict[str, Any]
DOCUMENT: Document = {
    "paths": {
        "/things/{name}": {
            "post": {
                "operationId": "make",
                "security": [{"OAuth2": ["things:write"]}],
                "parameters": [
                    {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"$ref": "#/components/parameters/Limit"},
                    {"name": "X-Mood", "in": "header", "schema": {"enum": ["good", "bad"], "type": "string"}},
                ],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Asked"}}}
                },
                "responses": {
                    "200": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Made"}}},
                    },
                    "404": {"$ref": "#/components/responses/Refused"},
                },
            },
            "get": {"operationId": "see", "responses": {"200": {"content": {}}}},
        }
    },
    "components": {
        "parameters": {
            "Limit": {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": 100},
            }
        },
        "responses": {
            "Refused": {
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
            }
        },
        "schemas": {
            "Asked": {
                "title": "Asked",
                "type": "object",
                "required": ["kind"],
                "properties": {
                    "kind": {"type": "string", "enum": ["a", "b"]},
                    "note": {"anyOf": [{"type": "string", "maxLength": 10}, {"type": "null"}]},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Asked"}},
                },
            },
            "Made": {
                "title": "Made",
                "type": "object",
                "required": ["id", "inner"],
                "properties": {
                    "id": {"type": "string"},
                    "inner": {
                        "anyOf": [{"$ref": "#/components/schemas/One"}, {"$ref": "#/components/schemas/Two"}]
                    },
                    "size": {"type": "integer"},
                },
            },
            "One": {"title": "One", "type": "object", "properties": {"one": {"type": "string"}}},
            "Two": {"title": "Two", "type": "object", "properties": {"two": {"type": "string"}}},
            "Problem": {"title": "Problem", "type": "object", "properties": {"code": {"type": "string"}}},
        },
    },
}
Change = Callable[[Document], Any]


def operation(document: Document) -> Document:
    found: Document = document["paths"]["/things/{name}"]["post"]
    return found


def schema(document: Document, name: str) -> Document:
    found: Document = document["components"]["schemas"][name]
    return found


def limit(document: Document) -> Document:
    found: Document = document["components"]["parameters"]["Limit"]
    return found


BREAKING: dict[str, tuple[Change, str]] = {
    "a path removed": (lambda d: d["paths"].clear(), "GET /things/{name} is gone"),
    "a method removed": (lambda d: d["paths"]["/things/{name}"].pop("get"), "GET /things/{name} is gone"),
    "an operation renamed": (lambda d: operation(d).update(operationId="build"), "is called build instead of make"),
    "a scope added": (lambda d: operation(d).update(security=[{"OAuth2": ["x", "things:write"]}]), "needs the scope x"),
    "a field of an answer removed": (lambda d: schema(d, "Made")["properties"].pop("size"), "200.size is not told"),
    "a field inside removed": (lambda d: schema(d, "Two")["properties"].clear(), "200.inner.two is not told"),
    "a field of a problem removed": (lambda d: schema(d, "Problem")["properties"].clear(), "404.code is not told"),
    "a field no longer certain": (lambda d: schema(d, "Made").update(required=["inner"]), "200.id may be left out"),
    "a field that may be null": (
        lambda d: schema(d, "Made")["properties"].update(id={"type": ["string", "null"]}), "200.id may be null",
    ),
    "a field of another type": (
        lambda d: schema(d, "Made")["properties"].update(size={"type": "string"}), "200.size may be string",
    ),
    "a success gone": (lambda d: operation(d)["responses"].pop("200"), "no 200 is answered"),
    "another content type": (
        lambda d: operation(d)["responses"]["200"].update(content={"text/csv": {}}), "200 is no application/json",
    ),
    "a field newly required": (
        lambda d: schema(d, "Asked")["required"].append("note"), "body.note is required",
    ),
    "a field no longer taken": (lambda d: schema(d, "Asked")["properties"].pop("note"), "body.note is not taken"),
    "a body newly required": (lambda d: operation(d)["requestBody"].update(required=True), "a body is required"),
    "a body no longer taken": (lambda d: operation(d).pop("requestBody"), "no body is taken"),
    "a value no longer taken": (
        lambda d: schema(d, "Asked")["properties"]["kind"]["enum"].remove("b"), "body.kind does not take 'b'",
    ),
    "a text no longer taken": (
        lambda d: schema(d, "Asked")["properties"].update(note={"type": "null"}), "body.note does not take string",
    ),
    "values of what was free": (
        lambda d: operation(d)["parameters"][0]["schema"].update(enum=["x"]), "name takes some values only",
    ),
    "a shorter text": (
        lambda d: schema(d, "Asked")["properties"]["note"]["anyOf"][0].update(maxLength=9), "tighter maxLength",
    ),
    "a smaller number": (lambda d: limit(d)["schema"].update(maximum=50), "limit has a tighter maximum"),
    "a new pattern": (lambda d: operation(d)["parameters"][0]["schema"].update(pattern="^x"), "has another pattern"),
    "fields refused": (lambda d: schema(d, "Asked").update(additionalProperties=False), "takes no other fields"),
    "a parameter removed": (lambda d: operation(d)["parameters"].pop(1), "parameter limit is gone"),
    "a parameter required": (lambda d: limit(d).update(required=True), "parameter limit is required"),
    "a new parameter required": (
        lambda d: operation(d)["parameters"].append({"name": "n", "in": "query", "required": True}),
        "parameter n is new and required",
    ),
}  # fmt: skip
HARMLESS: dict[str, Change] = {
    "nothing": lambda _: None,
    "a path": lambda d: d["paths"].update({"/new": {"get": {"operationId": "new", "responses": {}}}}),
    "a parameter": lambda d: operation(d)["parameters"].append({"name": "n", "in": "query"}),
    "a field asked": lambda d: schema(d, "Asked")["properties"].update(more={"type": "string"}),
    "a value taken": lambda d: schema(d, "Asked")["properties"]["kind"]["enum"].append("c"),
    "a field told": lambda d: schema(d, "Made")["properties"].update(more={"type": "string"}),
    "a field now certain": lambda d: schema(d, "Made")["required"].append("size"),
    "a longer text": lambda d: schema(d, "Asked")["properties"]["note"]["anyOf"][0].update(maxLength=99),
    "less required": lambda d: schema(d, "Asked").update(required=[]),
    "a scope less": lambda d: operation(d).update(security=[]),
    "another refusal": lambda d: operation(d)["responses"].update({"409": {"content": {}}}),
    "a schema renamed": lambda d: schema(d, "Asked").update(title="Wanted"),
    "another description": lambda d: operation(d).update(summary="Make it."),
}


def changed(change: Change) -> Document:
    document = deepcopy(DOCUMENT)
    change(document)
    return document


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_callers_is_found(name: str) -> None:
    change, said = BREAKING[name]
    found = breaking(DOCUMENT, changed(change))
    assert any(said in each for each in found), found


@pytest.mark.parametrize("name", HARMLESS)
def test_what_breaks_nobody_passes(name: str) -> None:
    assert breaking(DOCUMENT, changed(HARMLESS[name])) == []


def test_the_api_breaks_nobody_who_was_written_for_the_released_one() -> None:
    released = json.loads((DOCS / "openapi.released.json").read_bytes())
    assert breaking(released, json.loads(written())) == []


def test_the_document_in_the_repository_is_the_present_one() -> None:
    assert (DOCS / "openapi.json").read_bytes() == written(), "`make openapi` writes it"
