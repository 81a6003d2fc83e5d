"""The OpenAPI document is whole: every operation says what it does, takes, answers and refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import structlog
from starlette.requests import Request

from api.problems import of_error
from identity.model import errors
from tests.api.conftest import Api
from tests.api.test_safety import PUBLIC, SIGNED


def operations(api: Api) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in api.app.openapi()["paths"].items():
        for operation in methods.values():
            yield path, operation


def done(operation: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = operation["responses"].get("200") or operation["responses"]["202"]
    return told


def valid(api: Api, schema: dict[str, Any], example: Any) -> bool:
    whole = {**schema, "components": api.app.openapi()["components"]}
    return bool(jsonschema.Draft202012Validator(whole).is_valid(example))


def resolved(api: Api, schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema
    if "$ref" in schema:
        found = api.app.openapi()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def test_every_operation_says_what_it_does_and_tells(lite: Api) -> None:
    for path, operation in operations(lite):
        assert operation["summary"].strip(), path
        assert operation["description"].strip(), path
        assert operation["tags"], path
        for status, answer in operation["responses"].items():
            told = answer.get("content", {})
            assert "$ref" in answer or status in ("304",) or all("schema" in each for each in told.values())
            if status == "200":
                schemas = [each["schema"] for each in told.values()]
                assert schemas, path
                assert {} not in schemas, path


def test_every_operation_names_the_refusals_of_the_door_and_of_tokens(lite: Api) -> None:
    for path, operation in operations(lite):
        least = {"400", "413"} if path in PUBLIC else {"400", "401", "413", "429", "503"}
        least |= set() if path in PUBLIC | SIGNED else {"403"}
        assert least <= operation["responses"].keys(), path
        if "requestBody" in operation:
            assert {"408", "422"} <= operation["responses"].keys(), path


def test_operations_have_names_of_their_own(lite: Api) -> None:
    names = [operation["operationId"] for _, operation in operations(lite)]
    assert len(names) == len(set(names))
    assert all(name.isidentifier() for name in names)


def test_every_body_comes_with_an_example_that_is_taken(lite: Api) -> None:
    for path, operation in operations(lite):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = content["schema"]
            choices = [resolved(lite, each) for each in schema.get("anyOf", [schema])]
            examples = [example for choice in choices for example in choice.get("examples", [])]
            assert examples or content.get("examples"), path
            assert all(valid(lite, schema, example) for example in examples), path


def test_every_example_of_a_body_is_taken_by_its_route(lite: Api) -> None:
    """It may name people there are not, but nothing in it is written wrongly."""
    lite.tell("pos", "1001", given_name="Ines")
    for path, methods in lite.app.openapi()["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            choices = [
                resolved(lite, each) for each in body.get("schema", {}).get("anyOf", [body.get("schema", {})])
            ]
            for example in [example for each in choices for example in each.get("examples", [])]:
                answer = lite.http.request(method, path, json=example, headers=lite.headers())
                # What is signed is taken in tests/intake.
                expected = (401,) if path in SIGNED else (200, 202, 404)
                assert answer.status_code in expected, (path, answer.text)


def test_examples_of_answers_are_as_the_answers(lite: Api) -> None:
    schemas = lite.app.openapi()["components"]["schemas"]
    shown = {name: schema for name, schema in schemas.items() if schema.get("examples")}
    assert {"Decision", "Found", "Likeness", "ProblemBody", "Profile", "Resolved"} <= shown.keys()
    for name, schema in shown.items():
        assert all(valid(lite, schema, example) for example in schema["examples"]), name


def test_writes_take_a_key_and_say_when_an_answer_is_repeated(lite: Api) -> None:
    for path, operation in operations(lite):
        keyed = any(each.get("name") == "Idempotency-Key" for each in operation["parameters"])
        told = "Idempotency-Replayed" in done(operation).get("headers", {})
        assert keyed == told, path


def test_every_error_of_the_domain_has_a_status() -> None:
    request = Request({"type": "http", "headers": []})
    kinds = [getattr(errors, name) for name in errors.__all__ if name != "IdentityError"]
    statuses = {kind: of_error(request, kind("E999", "It is so.")).status_code for kind in kinds}
    assert all(400 <= status < 600 for status in statuses.values())


def test_the_line_in_the_log_names_the_route_as_it_is_addressed(lite: Api) -> None:
    asked = {
        ("GET", "/v1/profiles/ines"): "/v1/profiles/{golden_id}",
        ("DELETE", "/v1/records/pos/a/b"): "/v1/records/{source}/{source_record_id}",
        ("GET", "/healthz"): "/healthz",
        ("GET", "/v1/lookup"): "/v1/lookup",
        ("GET", "/nowhere"): "(none)",
        ("GET", "/v1/profiles/ines/"): "(none)",
    }
    with structlog.testing.capture_logs() as logged:
        for method, address in asked:
            lite.http.request(method, address)
    assert [line["route"] for line in logged if line["event"] == "request"] == list(asked.values())
    assert '"/v1/profiles/{golden_id}"' in lite.http.get("/metrics").text
