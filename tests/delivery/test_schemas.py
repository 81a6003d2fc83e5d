"""Schemas keep what they promised, and have no room for anything about a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


BREAKING: Mapping[str, Callable[[Any], object]] = {
    ".retired is gone": lambda it: (it["properties"].pop("retired"), it["required"].remove("retired")),
    ".records_lost is gone": lambda it: it["properties"].pop("records_lost"),
    ".golden_id: type was string": lambda it: it["properties"]["golden_id"].update(type="integer"),
    ".golden_id: type was string, is ['string', 'null']": lambda it: it["properties"]["golden_id"].update(
        type=["string", "null"]
    ),
    ".model_version: type was": lambda it: it["properties"]["model_version"].update(type="string"),
    ".retired: type was array": lambda it: it["properties"]["retired"].update(type="string"),
    ".retired[]: type was string": lambda it: it["properties"]["retired"]["items"].update(type="object"),
    ".retired[]: pattern was": lambda it: it["properties"]["retired"]["items"].update(pattern="^c"),
    ".retired: items was": lambda it: it["properties"]["retired"].pop("items"),
    ".retired: minItems was 1, is None": lambda it: it["properties"]["retired"].pop("minItems"),
    ".retired: uniqueItems was True": lambda it: it["properties"]["retired"].pop("uniqueItems"),
    ".retired: maxItems was None": lambda it: it["properties"]["retired"].update(maxItems=5),
    ".golden_id: pattern was": lambda it: it["properties"]["golden_id"].update(pattern="^c"),
    ".operation: enum was None": lambda it: it["properties"]["operation"].update(enum=["merge"]),
    ".operation: maxLength was 40": lambda it: it["properties"]["operation"].update(maxLength=400),
    ".operation: oneOf was None": lambda it: it["properties"]["operation"].update(oneOf=[{"const": "x"}]),
    ".model_version has to be there": lambda it: it["required"].append("model_version"),
    ".reason_code has to be there": lambda it: (
        it["properties"].update(reason_code={"type": "string"}),
        it["required"].append("reason_code"),
    ),
    ".retired may be left out": lambda it: it["required"].remove("retired"),
    ".: additionalProperties was False": lambda it: it.pop("additionalProperties"),
    ".: type was object": lambda it: it.update(type="array"),
    ".: $id was": lambda it: it.update({"$id": "urn:customer-identity:event:customer.merged:v2"}),
    ".: dependentRequired was None": lambda it: it.update(dependentRequired={"operation": ["operation_id"]}),
    ".: properties was": lambda it: it.pop("properties"),
    ".golden_id may be left out": lambda it: it.pop("required"),
}


@pytest.mark.parametrize("found", BREAKING)
def test_a_change_that_breaks_a_reader_is_found_and_named(found: str) -> None:
    changed: Any = deepcopy(RELEASED["customer.merged"])
    BREAKING[found](changed)
    assert any(told.startswith(found) for told in breaks(RELEASED["customer.merged"], changed))


def test_a_renamed_field_is_one_that_went_and_a_constant_may_not_change_its_type() -> None:
    changed: Any = deepcopy(RELEASED["envelope"])
    changed["properties"]["topic"] = changed["properties"].pop("subject")
    changed["properties"]["specversion"]["const"] = 1.0
    told = list(breaks(RELEASED["envelope"], changed))
    assert told == [".specversion: const was 1.0, is 1.0", ".subject is gone"]


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it["properties"].update(reason_code={"type": "string"}),
        lambda it: it["properties"]["retired"].update(description="In other words."),
        lambda it: it.update(title="Otherwise", examples=[{}]),
        lambda it: it["required"].reverse(),
    ],
)
def test_a_new_field_that_may_be_left_out_and_other_words_for_people_break_nobody(change: Any) -> None:
    changed: Any = deepcopy(RELEASED["customer.merged"])
    change(changed)
    assert list(breaks(RELEASED["customer.merged"], changed)) == []


def test_what_was_released_is_described_by_the_version_it_was_released_as() -> None:
    """A type whose version rises is another type to its readers: the release of the old one stays."""
    assert {name: found["$id"] for name, found in RELEASED.items()} == {
        name: dataschema(name) for name in RELEASED
    }


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
