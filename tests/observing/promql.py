"""The names of metrics that an expression of Prometheus asks for, by a small tokenizer."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["metrics_in"]

_TOKENS = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*") | (?P<range>\[[^\]]*\]) | (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
        | (?P<number>[0-9.]+(?:[smhdwy]|ms)?) | (?P<space>\s+) | (?P<other>.)""",
    re.VERBOSE,
)
_GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}
_NO_METRICS = _WORDS | _GROUPING
_AFTER_CALLS = {"(", "by", "without"}


def metrics_in(expression: str) -> set[str]:
    """Return every name that is neither a function, a label nor a word of the language."""
    tokens = [
        (found.lastgroup or "", found[0])
        for found in _TOKENS.finditer(expression)
        if found.lastgroup not in ("space", "range", "number", "text")
    ]
    return set(_names(tokens))


def _names(tokens: list[tuple[str, str]]) -> Iterator[str]:
    place = 0
    while place < len(tokens):
        kind, told = tokens[place]
        following = tokens[place + 1][1] if place + 1 < len(tokens) else ""
        if told == "{":  # the labels of a selector
            place = _end(tokens, place, "}")
        elif told in _GROUPING and following == "(":
            place = _end(tokens, place + 1, ")")
        elif kind == "name" and following not in _AFTER_CALLS and told.lower() not in _NO_METRICS:
            yield told  # sum (…) and sum by (…) (…) are calls
        place += 1


def _end(tokens: list[tuple[str, str]], place: int, closing: str) -> int:
    while tokens[place][1] != closing:
        place += 1
    return place
