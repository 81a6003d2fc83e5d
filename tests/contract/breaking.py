"""What in one OpenAPI document would break callers who were written for another: `breaking(released, current)`.

`python -m tests.contract.breaking` compares docs/openapi.released.json with what the application says of itself, and
ends with 1 where something breaks. Told more in answers, asked less in requests, new routes: none of it breaks. Callers
have to bear unknown fields and unknown values of enumerations in answers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["breaking"]

Node = Mapping[str, Any]
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_AT_MOST = ("maxLength", "maxItems", "maximum", "exclusiveMaximum", "maxProperties")
_AT_LEAST = ("minLength", "minItems", "minimum", "exclusiveMinimum", "minProperties")


def breaking(released: Node, current: Node) -> list[str]:
    """Return one sentence for each thing that callers of the released document would stumble over."""
    return list(_Comparison(released, current).all())


@dataclass(frozen=True, slots=True)
class _Comparison:
    released: Node
    current: Node

    def all(self) -> Iterator[str]:
        for path, methods in self.released["paths"].items():
            for method in _METHODS:
                if method not in methods:
                    continue
                name = f"{method.upper()} {path}"
                now = self.current["paths"].get(path, {}).get(method)
                if now is None:
                    yield f"{name} is gone"
                else:
                    yield from self._operation(name, methods[method], now)

    def _operation(self, name: str, old: Node, new: Node) -> Iterator[str]:
        if old.get("operationId") != new.get("operationId"):
            yield f"{name} is called {new.get('operationId')} instead of {old.get('operationId')}"
        for scope in sorted(_scopes(new) - _scopes(old)):
            yield f"{name} needs the scope {scope}"
        yield from self._parameters(name, old, new)
        yield from self._body(name, old, new)
        yield from self._responses(name, old, new)

    def _parameters(self, name: str, old: Node, new: Node) -> Iterator[str]:
        before, after = self._named(old, self.released), self._named(new, self.current)
        for key, parameter in before.items():
            place = f"{name}: parameter {key[1]}"
            if key not in after:
                yield f"{place} is gone"
                continue
            if after[key].get("required") and not parameter.get("required"):
                yield f"{place} is required"
            yield from self._taken(
                place, parameter.get("schema", {}), after[key].get("schema", {}), frozenset()
            )
        for key in after.keys() - before.keys():
            if after[key].get("required"):
                yield f"{name}: parameter {key[1]} is new and required"

    def _named(self, operation: Node, document: Node) -> dict[tuple[str, str], Node]:
        found = [_resolved(each, document) for each in operation.get("parameters", [])]
        return {(each["in"], each["name"].lower()): each for each in found}

    def _body(self, name: str, old: Node, new: Node) -> Iterator[str]:
        before, after = old.get("requestBody"), new.get("requestBody")
        if before is None:
            if after and after.get("required"):
                yield f"{name}: a body is required"
            return
        if after is None:
            yield f"{name}: no body is taken"
            return
        if after.get("required") and not before.get("required"):
            yield f"{name}: a body is required"
        for kind, told in before["content"].items():
            if kind not in after["content"]:
                yield f"{name}: no body of {kind} is taken"
                continue
            taken = after["content"][kind].get("schema", {})
            yield from self._taken(f"{name}: body", told.get("schema", {}), taken, frozenset())

    def _responses(self, name: str, old: Node, new: Node) -> Iterator[str]:
        for status, answer in old["responses"].items():
            before = _resolved(answer, self.released)
            if status not in new["responses"]:
                if status.startswith("2"):
                    yield f"{name}: no {status} is answered"
                continue
            after = _resolved(new["responses"][status], self.current)
            for kind, told in before.get("content", {}).items():
                place = f"{name}: {status}"
                if kind not in after.get("content", {}):
                    yield f"{place} is no {kind}"
                    continue
                answered = after["content"][kind].get("schema", {})
                yield from self._answered(place, told.get("schema", {}), answered, frozenset())

    def _taken(self, place: str, old: Node, new: Node, seen: frozenset[Any]) -> Iterator[str]:
        """What was taken has to be taken still."""
        if (key := (old.get("$ref"), new.get("$ref"))) in seen and key != (None, None):
            return
        seen |= {key}
        before, after = _alternatives(old, self.released), _alternatives(new, self.current)
        if "any" in after:
            return
        for kind, was in before.items():
            if kind not in after:
                yield f"{place} does not take {kind}"
                continue
            now = after[kind]
            yield from _narrowed(place, was, now)
            for part, schema in was.get("properties", {}).items():
                if part in now.get("properties", {}):
                    yield from self._taken(f"{place}.{part}", schema, now["properties"][part], seen)
                else:
                    yield f"{place}.{part} is not taken"
            for part in sorted(set(now.get("required", [])) - set(was.get("required", []))):
                yield f"{place}.{part} is required"
            for inner in ("items", "additionalProperties"):
                if isinstance(was.get(inner), Mapping) and isinstance(now.get(inner), Mapping):
                    yield from self._taken(f"{place}[]", was[inner], now[inner], seen)

    def _answered(self, place: str, old: Node, new: Node, seen: frozenset[Any]) -> Iterator[str]:
        """What was told has to be told still, and as it was."""
        if (key := (old.get("$ref"), new.get("$ref"))) in seen and key != (None, None):
            return
        seen |= {key}
        before, after = _alternatives(old, self.released), _alternatives(new, self.current)
        if "any" in before:
            return
        for kind, now in after.items():
            if kind not in before:
                yield f"{place} may be {kind}"
                continue
            was = before[kind]
            for part, schema in was.get("properties", {}).items():
                if part not in now.get("properties", {}):
                    yield f"{place}.{part} is not told"
                    continue
                if part in was.get("required", []) and part not in now.get("required", []):
                    yield f"{place}.{part} may be left out"
                yield from self._answered(f"{place}.{part}", schema, now["properties"][part], seen)
            for inner in ("items", "additionalProperties"):
                if isinstance(was.get(inner), Mapping) and isinstance(now.get(inner), Mapping):
                    yield from self._answered(f"{place}[]", was[inner], now[inner], seen)


def _scopes(operation: Node) -> set[str]:
    return {scope for needs in operation.get("security", []) for scopes in needs.values() for scope in scopes}


def _resolved(node: Node, document: Node) -> Node:
    while "$ref" in node:
        name, found = node["$ref"], document
        for part in name.removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def _alternatives(schema: Node, document: Node) -> dict[str, Node]:
    """Return what a schema may be, by kind: `string`, `null`, and of several kinds of object the name of each."""
    found = list(_choices(schema, document))
    objects = sum(kind == "object" for kind, _ in found)
    return {
        f"object {told.get('title')}" if kind == "object" and objects > 1 else kind: told
        for kind, told in found
    }


def _choices(schema: Node, document: Node) -> Iterator[tuple[str, Node]]:
    told = _resolved(schema, document)
    if (choices := told.get("anyOf") or told.get("oneOf")) is not None:
        for choice in choices:
            yield from _choices(choice, document)
        return
    types = told.get("type", "any")
    yield from ((kind, told) for kind in ([types] if isinstance(types, str) else types))


def _narrowed(place: str, was: Node, now: Node) -> Iterator[str]:
    values = now.get("enum") or ([now["const"]] if "const" in now else None)
    if values is not None:
        before = was.get("enum") or ([was["const"]] if "const" in was else None)
        if before is None:
            yield f"{place} takes some values only"
        else:
            yield from (f"{place} does not take {each!r}" for each in before if each not in values)
    for limit, sign in (*((each, 1) for each in _AT_MOST), *((each, -1) for each in _AT_LEAST)):
        tighter = limit in now and (limit not in was or sign * now[limit] < sign * was[limit])
        if tighter and not (limit == "minLength" and now[limit] == 0):
            yield f"{place} has a tighter {limit}"
    for name in ("pattern", "format"):
        if now.get(name) is not None and now.get(name) != was.get(name):
            yield f"{place} has another {name}"
    if now.get("additionalProperties") is False and was.get("additionalProperties", True) is not False:
        yield f"{place} takes no other fields"


if __name__ == "__main__":
    from api.openapi import written

    found = breaking(json.loads(Path("docs/openapi.released.json").read_bytes()), json.loads(written()))
    print("\n".join(found) or "nothing breaks")
    sys.exit(bool(found))
