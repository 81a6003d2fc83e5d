"""A rules file as a strict document: YAML without its traps, complaints that name file and key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from identity.model.errors import RulesError
from matching_rules.yaml_reading import composed

__all__ = ["Section", "read_document"]

_TYPE_NAMES: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    dict: "keys with values",
    list: "a list",
}


_WHOLE_NUMBER = re.compile("-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Section:
    """Part of a rules file: where it stands, and its keys and values."""

    file: str
    place: str
    content: Mapping[str, object]

    def error(self, code: str, key: str, problem: str, remedy: str = "") -> RulesError:
        """Return the error that names file and key."""
        where = ".".join(filter(None, (self.place, key))) or "the top"
        return RulesError(code, f"{self.file}: {where}: {problem}.", remedy)

    def only(self, allowed: Sequence[str]) -> None:
        """Refuse keys that are not among `allowed` (E104)."""
        if unknown := next((key for key in self.content if key not in allowed), None):
            raise self.error("E104", unknown, "is not a known key", f"Known keys: {', '.join(allowed)}.")

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without `default` it has to be there (E105)."""
        value: str = self._typed(key, str, default)
        if not value and default is None:
            raise self.error("E105", key, "has to be given", "Give it a text that is not empty.")
        return value

    def number(self, key: str, default: int) -> int:
        """Return a whole number."""
        value: int = self._typed(key, int, default)
        return value

    def decimal(self, key: str, least: float, most: float, usual: float | None = None) -> float:
        """Return a number within bounds (else E136); without `usual` it has to be there (E105)."""
        told = self.content.get(key, usual)
        if told is None:
            raise self.error("E105", key, "has to be given", "Give it a number.")
        try:
            number = float(str(told))
        except ValueError:
            raise self.error("E103", key, "has to be a number") from None
        if not least <= number <= most:
            raise self.error("E136", key, f"{number:g} is not within {least:g} and {most:g}")
        return number

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the texts of a list, of which a single text is the short form; none if the key is absent."""
        value = self.content.get(key, [])
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(item, str) and item for item in listed):
            raise self.error("E103", key, "has to be a text or a list of texts")
        return tuple(listed)

    def one_of(self, code: str, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        """Return a text that is among `allowed`; else the error `code`."""
        value = self.text(key, default)
        if value not in allowed:
            raise self.error(code, key, f"{value!r} is not known", f"Use one of: {', '.join(allowed)}.")
        return value

    def section(self, key: str, *, required: bool = False) -> Section:
        """Return the keys and values under `key`; an empty section where it is absent."""
        if required and not self.content.get(key):
            raise self.error("E105", key, "has to be given", "Give it keys with values.")
        inner = self._typed(key, dict, {})
        return Section(self.file, ".".join(filter(None, (self.place, key))), inner)

    def _typed(self, key: str, kind: type[Any], default: object) -> Any:
        value = self.content.get(key, default)
        if key not in self.content and default is None:
            raise self.error("E105", key, "has to be given", f"Give it {_TYPE_NAMES[kind]}.")
        if not isinstance(value, kind):
            raise self.error("E103", key, f"has to be {_TYPE_NAMES[kind]}")
        return value


class _RepeatedKeyError(Exception):
    """A key stands twice in one place; plain YAML would take the last one without a word."""


def read_document(path: Path) -> Section:
    """Return the file's top section.

    RulesError E101 (cannot be read), E102 (not YAML), E103 (no keys), E107 (a key twice).
    """
    try:
        found = _plain(composed(path.read_text(encoding="utf-8-sig")), {})
    except _RepeatedKeyError as problem:
        raise RulesError("E107", f"{path.name}: {problem} stands twice.", "Keep one of the two.") from None
    except (OSError, UnicodeError) as problem:
        raise RulesError("E101", f"{path} cannot be read.", "It has to be a file of UTF-8 text.") from problem
    except (yaml.YAMLError, RecursionError) as problem:  # an alias may stand within itself
        place = f"{path.name}{_line(problem)}"
        raise RulesError("E102", f"{place} is not valid YAML.", "Check indents and quotes.") from problem
    if not isinstance(found, dict):
        raise RulesError(
            "E103", f"{path.name}: the top has to be keys with values.", "Begin with `source: name`."
        )
    return Section(path.name, "", found)


def _plain(node: yaml.Node | None, known: dict[int, object]) -> object:
    """Return the node as dicts with text keys, lists, texts, whole numbers and None.

    Only these: in YAML 1.1, NO (a country) would be false and 1:30 would be ninety. `known` keeps aliases
    from being unfolded again and again.
    """
    if id(node) not in known:
        known[id(node)] = _unfolded(node, known)
    return known[id(node)]


def _unfolded(node: yaml.Node | None, known: dict[int, object]) -> object:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, known)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, known) for item in node.value]
    if node is None or node.tag.endswith(":null"):
        return None
    quoted = bool(getattr(node, "style", None))
    return node.value if quoted or not _WHOLE_NUMBER.fullmatch(node.value) else int(node.value)


def _mapping(node: yaml.MappingNode, known: dict[int, object]) -> dict[str, object]:
    keys = [str(key.value) for key, _ in node.value]
    if repeated := next((key for at, key in enumerate(keys) if key in keys[:at]), None):
        raise _RepeatedKeyError(repeated)
    return {key: _plain(value, known) for key, (_, value) in zip(keys, node.value, strict=True)}


def _line(problem: Exception) -> str:
    mark = getattr(problem, "problem_mark", None)
    return f", line {mark.line + 1}," if mark else ""
