"""Reading JSON lines: one object per line, values found by path, numbers as the text they were written in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, NoReturn, TextIO

import orjson
import pyarrow as pa

from identity.connectors.faults import FIELD_LIMIT, file_error
from identity.connectors.lines import Line, Lines
from identity.connectors.opening import SourceFile, open_text
from identity.connectors.raw_rows import Broken, RawRows, Request, text_array

__all__ = ["json_rows", "nested_too_deep", "read_json_rows"]

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


_DEEPEST = 200
"""Levels of lists and objects within each other. Readers and writers of JSON give up at some depth, each at its own."""
_NOWHERE = -1
_Wanted = tuple[Sequence[str], str, int]


class _Step(NamedTuple):
    """One name to look up: where its value goes, or what to look up inside it; `path` is for messages.

    Where there is no such object, its members may stand beside it under their whole paths: `flat`. A `whole` object is
    taken as its text.
    """

    name: str
    path: str
    place: int
    inner: Sequence[_Step] = ()
    flat: Sequence[_Step] = ()
    whole: bool = False


class _Plan(NamedTuple):
    """All look-ups of a row, each object entered once, and how many values they yield."""

    steps: Sequence[_Step]
    width: int


class _UnreadableError(Exception):
    def __init__(self, code: str, column: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.column = column


def read_json_rows(file: SourceFile, request: Request) -> RawRows:
    """Return the rows of a JSON lines file; empty lines are none. A path a row lacks is null there."""
    with open_text(file) as stream:
        return json_rows(stream, request, str(file.path))


def json_rows(stream: TextIO, request: Request, name: str) -> RawRows:
    """Return the rows of a stream of JSON lines, as `open_text` opens it; `name` is for messages."""
    wanted = (*request.paths, *(name for name in request.kept if name not in request.paths))
    steps = _steps([(path.split("."), path, at) for at, path in enumerate(wanted)])
    steps = tuple(step._replace(whole=step.path in request.objects) for step in steps)
    plan = _Plan(steps, len(wanted))
    rows: list[tuple[str | None, ...]] = []
    numbers: list[int] = []
    lines: list[int] = []
    originals: list[str] = []
    broken: list[Broken] = []
    for row, line in enumerate((line for line in Lines(stream) if line.text.strip()), start=1):
        try:
            rows.append(_values(line, plan))
            numbers.append(row)
            lines.append(line.number)
            originals.append(line.text.strip())
        except _UnreadableError as problem:
            broken.append(Broken(problem.code, row, line.number, line.text, problem.column))
    by_path = dict(zip(wanted, zip(*rows, strict=True) if rows else [()] * len(wanted), strict=True))
    _check_kept(by_path, name, request)
    return RawRows(
        columns={path: text_array(by_path[path]) for path in request.paths},
        rows=pa.array(numbers, pa.int64()),
        lines=pa.array(lines, pa.int64()),
        counted=len(rows) + len(broken),
        originals=text_array(originals) if request.originals else None,
        kept={name: text_array(by_path[name]) for name in request.kept},
        broken=tuple(broken),
    )


def _check_kept(by_path: Mapping[str, Sequence[str | None]], file: str, request: Request) -> None:
    for name in request.kept:
        if by_path[name] and not any(value is not None for value in by_path[name]):
            raise file_error("E209", file, column=name)


def _steps(wanted: Sequence[_Wanted]) -> tuple[_Step, ...]:
    """Return the look-ups for all paths: single names, and objects, each entered once."""
    single = [_Step(parts[0], path, place) for parts, path, place in wanted if len(parts) == 1]
    dotted = [entry for entry in wanted if len(entry[0]) > 1]
    return (*single, *(_into(first, dotted) for first in dict.fromkeys(parts[0] for parts, _, _ in dotted)))


def _into(first: str, dotted: Sequence[_Wanted]) -> _Step:
    within = [(parts[1:], path, place) for parts, path, place in dotted if parts[0] == first]
    return _Step(
        first, first, _NOWHERE, _steps(within), tuple(_Step(path, path, at) for _, path, at in within)
    )


def _values(line: Line, plan: _Plan) -> tuple[str | None, ...]:
    found = _object(line)
    try:
        return _picked(found, plan)
    except _InexactNumberError:
        return _picked(json.loads(line.text, parse_float=_number_text, parse_int=str), plan)


def _picked(found: Mapping[str, object], plan: _Plan) -> tuple[str | None, ...]:
    row: list[str | None] = [None] * plan.width
    _pick(found, plan.steps, row)
    # A tuple of texts is no concern of the garbage collector; a million lists are.
    return tuple(row)


def _pick(node: Mapping[str, object], steps: Sequence[_Step], row: list[str | None]) -> None:
    for name, path, place, inner, flat, whole in steps:
        value = node.get(name)
        if value is None:
            if flat:
                _pick(node, flat, row)
        elif not inner:
            row[place] = value if isinstance(value, str) else _text(value, path, whole)
        elif isinstance(value, dict):
            _pick(value, inner, row)
        else:
            raise _UnreadableError("E310", path)


def _object(line: Line) -> dict[str, object]:
    text = line.text
    if line.cut:
        raise _UnreadableError("E309")
    if not line.decodable:
        raise _UnreadableError("E301")
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        _explain(text)
    if not isinstance(found, dict):
        raise _UnreadableError("E307")
    if text.count("{") + text.count("[") > _DEEPEST and nested_too_deep(found):
        raise _UnreadableError("E306")
    if "\\" in text or len(text) > FIELD_LIMIT // 4:
        _check_leaves(found)
    return found


def nested_too_deep(found: object) -> bool:
    """Say whether lists and objects stand within each other over more levels than any record needs."""
    level, depth = [found], 0
    while level and depth <= _DEEPEST:
        inner = [each for each in level if isinstance(each, dict | list)]
        level = [value for each in inner for value in (each.values() if isinstance(each, dict) else each)]
        depth += 1
    return bool(level)


def _explain(text: str) -> NoReturn:
    if control := _CONTROL.search(text):
        raise _UnreadableError("E302" if control[0] == "\0" else "E303")
    # Python's own reader accepts half surrogate pairs, so what it finds tells the cause.
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _UnreadableError("E306") from None
    broken = next((path for path, leaf in _leaves(found) if _SURROGATE.search(path + leaf)), None)
    raise (
        _UnreadableError("E306") if broken is None else _UnreadableError("E308", _SURROGATE.sub("?", broken))
    )


def _check_leaves(found: Mapping[str, object]) -> None:
    """Find what escapes can hide (\\u0000) and what is too long, also in values nobody asked for."""
    for path, leaf in _leaves(found):
        if control := _CONTROL.search(leaf):
            raise _UnreadableError("E302" if control[0] == "\0" else "E303", path)
        if len(leaf) > FIELD_LIMIT // 4 and len(leaf.encode()) > FIELD_LIMIT:
            raise _UnreadableError("E309", path)


def _leaves(node: object, path: str = "") -> Iterator[tuple[str, str]]:
    waiting = [(path, node)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, dict):
            waiting.extend((f"{path}.{name}" if path else name, value) for name, value in node.items())
        elif isinstance(node, list):
            waiting.extend((path, value) for value in node)
        elif isinstance(node, str):
            yield path, node


class _InexactNumberError(Exception):
    """A number was rounded while reading; the line has to be read again with numbers as text."""


def _text(value: object, path: str, whole: bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        raise _InexactNumberError
    if whole and isinstance(value, dict):
        return orjson.dumps(value).decode()
    raise _UnreadableError("E310", path)


def _number_text(literal: str) -> str:
    """Return the number as it was written; 123.0 is 123: ids pass through systems of floats."""
    whole, _, fraction = literal.partition(".")
    return whole if fraction and not fraction.strip("0") else literal
