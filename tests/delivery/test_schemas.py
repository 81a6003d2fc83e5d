"""Schemas keep what they promised, and have no room for anything about a person."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource

from identity.delivery.cloud_event import RESERVED, TYPES, dataschema
from identity.model.record import CANONICAL_ATTRIBUTES

from .schemas import FOLDER, breaks, schema, schemas

RELEASED = schemas(FOLDER / "released")
NOW = schemas(FOLDER)


def test_every_type_has_a_schema_under_the_name_that_its_events_bear() -> None:
    assert NOW.keys() == {*TYPES, *RESERVED, "envelope"}
    for name, found in NOW.items():
        Draft202012Validator.check_schema(found)
        assert found["$id"] == dataschema(name)
        assert (found.get("x-status") == "reserved") == (name in RESERVED)


def test_what_is_told_is_released() -> None:
    assert RELEASED.keys() == {*TYPES, "envelope"}


@pytest.mark.parametrize("name", RELEASED)
def test_a_schema_keeps_what_its_release_promised(name: str) -> None:
    assert list(breaks(RELEASED[name], NOW[name])) == []


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("a field is gone", lambda it: it["properties"].pop("retired")),
        ("another type", lambda it: it["properties"]["golden_id"].update(type="integer")),
        ("other items", lambda it: it["properties"]["retired"]["items"].update(type="object")),
        ("another pattern", lambda it: it["properties"]["golden_id"].update(pattern="^c")),
        ("required now", lambda it: it["required"].append("model_version")),
        ("required no longer", lambda it: it["required"].remove("retired")),
        ("open to anything", lambda it: it.pop("additionalProperties")),
    ],
)
def test_a_change_that_breaks_a_reader_is_found(place: str, change: Any) -> None:
    changed: Any = deepcopy(RELEASED["customer.merged"])
    change(changed)
    assert list(breaks(RELEASED["customer.merged"], changed)) != [], place


def test_a_new_field_that_may_be_left_out_breaks_nobody() -> None:
    changed: Any = deepcopy(RELEASED["customer.merged"])
    changed["properties"]["reason_code"] = {"type": "string"}
    assert list(breaks(RELEASED["customer.merged"], changed)) == []


@pytest.mark.parametrize("name", [*TYPES, *RESERVED, "envelope"])
def test_a_schema_has_no_field_for_anything_about_a_person(name: str) -> None:
    check = Draft202012Validator(schema(name))
    for field in (*CANONICAL_ATTRIBUTES, "name", "attributes", "identifier", "note"):
        found = [fault.message for fault in check.iter_errors({field: "Ines"})]
        assert any("Additional properties are not allowed" in message for message in found), field


def test_the_asyncapi_document_describes_every_event_that_is_told() -> None:
    document = yaml.safe_load((FOLDER / "asyncapi.yml").read_text(encoding="utf-8"))
    assert document["asyncapi"].startswith("3.")
    messages = document["components"]["messages"]
    assert messages.keys() == TYPES.keys()
    for channel in document["channels"].values():
        assert channel["messages"].keys() == TYPES.keys()
    for operation in document["operations"].values():
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in document["channels"]
    files = Registry[Any]().with_resources(
        (f"./{name}.schema.json", Resource.from_contents({**found, "$id": f"./{name}.schema.json"}))
        for name, found in NOW.items()
    )
    for name, message in messages.items():
        check = Draft202012Validator(document["components"]["schemas"][name], registry=files)
        for example in message["examples"]:
            assert list(check.iter_errors(example["payload"])) == []
            assert list(check.iter_errors({**example["payload"], "type": "customer.other"})) != []
