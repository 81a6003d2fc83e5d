"""The schemas of events, and what a newer one must not do to those who read by an older one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from identity.delivery.cloud_event import cloud_event
from identity.ports.delivery import LoggedEvent

__all__ = ["FOLDER", "breaks", "faults", "schema", "schemas"]

FOLDER = Path(__file__).parents[2] / "docs" / "events"
_FOR_PEOPLE = {"title", "description", "examples", "$comment"}


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
    """What a reader of the released schema would stumble over: fields that went, changed, or are asked for now, and any
    other word that says something else. Only what is written for people may change, and optional fields may be new."""
    for word in sorted({*released, *now} - _FOR_PEOPLE):
        before, after = released.get(word), now.get(word)
        if word in _PARTS and isinstance(before, dict) and isinstance(after, dict):
            yield from _PARTS[word](before, after, at)
        elif word == "required":
            yield from (
                f"{at}.{name} may be left out" for name in sorted({*(before or ())} - {*(after or ())})
            )
            yield from (
                f"{at}.{name} has to be there" for name in sorted({*(after or ())} - {*(before or ())})
            )
        elif not _same(before, after):
            yield f"{at or '.'}: {word} was {before}, is {after}"


def _same(before: Any, after: Any) -> bool:
    """Equal also in type: to a reader 1, 1.0 and true are three values."""
    return orjson.dumps(before, option=orjson.OPT_SORT_KEYS) == orjson.dumps(
        after, option=orjson.OPT_SORT_KEYS
    )


def _fields(before: Mapping[str, Any], after: Mapping[str, Any], at: str) -> Iterator[str]:
    for name, told in before.items():
        if name not in after:
            yield f"{at}.{name} is gone"
        else:
            yield from breaks(told, after[name], f"{at}.{name}")


def _items(before: Mapping[str, Any], after: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from breaks(before, after, f"{at}[]")


_PARTS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any], str], Iterator[str]]] = {
    "properties": _fields,
    "items": _items,
}
