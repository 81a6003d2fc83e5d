"""The schemas of events, and what a newer one must not do to those who read by an older one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from identity.delivery.cloud_event import cloud_event
from identity.ports.delivery import LoggedEvent

__all__ = ["FOLDER", "breaks", "faults", "schema", "schemas"]

FOLDER = Path(__file__).parents[2] / "docs" / "events"
_KEPT = ("type", "pattern", "format", "enum", "const", "maxLength", "additionalProperties", "items")


@cache
def schema(name: str) -> Mapping[str, Any]:
    return orjson.loads((FOLDER / f"{name}.schema.json").read_bytes())  # type: ignore[no-any-return]


def schemas(folder: Path) -> dict[str, Mapping[str, Any]]:
    return {
        path.name.removesuffix(".schema.json"): orjson.loads(path.read_bytes())
        for path in sorted(folder.glob("*.schema.json"))
    }


def faults(event: LoggedEvent) -> list[str]:
    """What is wrong with an event by its schemas."""
    told = cloud_event(event)
    checks = ((schema("envelope"), told), (schema(event.type), told["data"]))
    return [
        fault.message
        for by, given in checks
        for fault in Draft202012Validator(by, format_checker=Draft202012Validator.FORMAT_CHECKER).iter_errors(
            given
        )
    ]


def breaks(released: Mapping[str, Any], now: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """What a reader of the released schema would stumble over: fields that went, changed, or are asked for now."""
    for word in _KEPT:
        if word == "items" and isinstance(released.get(word), dict) and isinstance(now.get(word), dict):
            yield from breaks(released[word], now[word], f"{at}[]")
        elif released.get(word) != now.get(word):
            yield f"{at or '.'}: {word} was {released.get(word)}, is {now.get(word)}"
    for name in released.get("required", ()):
        if name not in now.get("required", ()):
            yield f"{at}.{name} may be left out"
    for name in now.get("required", ()):
        if name not in released.get("required", ()):
            yield f"{at}.{name} has to be there"
    for name, told in released.get("properties", {}).items():
        if name not in now.get("properties", {}):
            yield f"{at}.{name} is gone"
        else:
            yield from breaks(told, now["properties"][name], f"{at}.{name}")
