"""Splitting CSV text into records and reading the header: quoted line ends, stray quotes, repeated names."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from identity.connectors.faults import file_error
from identity.connectors.lines import Line, Lines
from identity.connectors.opening import SourceFile
from identity.connectors.raw_rows import Request

__all__ = ["Header", "Record", "read_header", "records"]

_LINE_END = re.compile("\r\n|\r|\n")
# A quoted field may run over many lines. Looked at ahead are at most this many characters.
_LOOKAHEAD = 16 * 1024 * 1024
csv.field_size_limit(max(csv.field_size_limit(), _LOOKAHEAD))


class Header(NamedTuple):
    """Column names in order and the line they end on."""

    names: tuple[str, ...]
    line: int


class Record(NamedTuple):
    """One record of the file: its fields, or the code of what keeps them from being read."""

    line: int
    fields: Sequence[str]
    raw: str
    code: str = ""


class _Ahead:
    """Feeds the csv reader one line after the other and remembers what it took."""

    def __init__(self, first: Line, lines: Lines) -> None:
        self.taken = [first]
        self.ran_out = False
        self._lines = lines
        self._given = 0
        self._size = len(first.text)

    def __iter__(self) -> Iterator[str]:
        yield self.taken[0].text + self.taken[0].end
        for line in self._lines:
            self.taken.append(line)
            self._size += len(line.text)
            if self._size > _LOOKAHEAD:
                break
            yield line.text + line.end
        self.ran_out = True


def records(lines: Lines, delimiter: str, width: int | None = None) -> Iterator[Record]:
    """Yield every record that follows; empty lines are none. With `width`, others are marked E304.

    A quotation mark that never closes costs its own line only (E305): reading goes on with the next one.
    """
    for line in lines:
        if line.text.strip(" "):
            yield _record(line, lines, delimiter, width)


def _record(line: Line, lines: Lines, delimiter: str, width: int | None) -> Record:
    if code := _unreadable(line):
        return Record(line.number, (), line.text, code)
    if '"' in line.text:
        return _quoted(line, lines, delimiter, width)
    return _counted(Record(line.number, line.text.split(delimiter), line.text), width)


def _unreadable(line: Line) -> str:
    if line.cut:
        return "E309"
    return "" if line.decodable else "E301"


def _counted(record: Record, width: int | None) -> Record:
    return record if width in (None, len(record.fields)) else record._replace(code="E304")


def _quoted(first: Line, lines: Lines, delimiter: str, width: int | None) -> Record:
    ahead = _Ahead(first, lines)
    fields = _strictly(ahead, delimiter)
    following = ahead.taken[1:]
    if following and (fields is None or _swallowed_a_row(fields, following, delimiter, width)):
        lines.put_back(following)
        return Record(first.number, (), first.text, "E305")
    if fields is None:
        return _loosely(first, delimiter, width)
    raw = "".join(line.text + line.end for line in ahead.taken[:-1]) + ahead.taken[-1].text
    code = next(filter(None, map(_unreadable, following)), "")
    return Record(first.number, (), raw, code) if code else _counted(Record(first.number, fields, raw), width)


def _strictly(ahead: _Ahead, delimiter: str) -> Sequence[str] | None:
    """Return the next record's fields, None if its quotes do not pair up: a stray one must not run on."""
    try:
        fields = next(csv.reader(ahead, delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None
    return None if ahead.ran_out else fields


def _loosely(line: Line, delimiter: str, width: int | None) -> Record:
    """Return the record of one line whose quotes follow no rule ("Anna" Berg), unless one is still open."""
    ahead = _Ahead(line, Lines(io.StringIO()))
    fields = next(csv.reader(ahead, delimiter=delimiter), [])
    if ahead.ran_out:
        return Record(line.number, (), line.text, "E305")
    return _counted(Record(line.number, fields, line.text), width)


def _swallowed_a_row(
    fields: Sequence[str], following: Sequence[Line], delimiter: str, width: int | None
) -> bool:
    # A stray quote runs on to the next row's quote. Then the fields do not fit, but the next line alone does.
    if not following or width in (None, len(fields)):
        return False
    return len(next(csv.reader([following[0].text], delimiter=delimiter), ())) == width


def read_header(lines: Lines, file: SourceFile, request: Request) -> Header:
    """Return the header. FileError: there is none, it is unreadable, repeats or lacks a name."""
    record = next(records(lines, file.file_format.delimiter), None)
    if record is None:
        raise file_error("E204", file.path)
    if record.code or "\0" in record.raw:
        raise file_error("E211", file.path, encoding=file.file_format.encoding)
    names = tuple(name.strip() or f"column {place}" for place, name in enumerate(record.fields, start=1))
    _check_names(names, file, request)
    return Header(names, record.line + len(_LINE_END.findall(record.raw)))


def _check_names(names: Sequence[str], file: SourceFile, request: Request) -> None:
    if repeated := next((name for place, name in enumerate(names) if name in names[:place]), None):
        raise file_error("E205", file.path, column=repeated)
    if missing := next((name for name in request.required if name not in names), None):
        raise file_error("E206", file.path, count=len(names), column=missing)
    if absent := next((name for name in request.kept if name not in names), None):
        raise file_error("E209", file.path, column=absent)
