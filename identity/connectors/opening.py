"""Opening a file: is it there, may it be read, which format is it, which encoding do its first bytes show?"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, TextIO

from identity.connectors.faults import file_error
from identity.model.policy import FileFormat

__all__ = ["SourceFile", "open_text", "recognise"]

_FORMATS_BY_EXTENSION = {
    ".csv": FileFormat("csv"),
    ".tsv": FileFormat("csv", delimiter="\t"),
    ".jsonl": FileFormat("jsonl"),
    ".ndjson": FileFormat("jsonl"),
    ".parquet": FileFormat("parquet"),
    ".pq": FileFormat("parquet"),
}
# The UTF-32 mark begins with the UTF-16 one, so it is looked for first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNDECODABLE = "identity.undecodable"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that is there and can be opened, with the format it is to be read as."""

    path: Path
    file_format: FileFormat


def recognise(path: Path, declared: FileFormat | None) -> SourceFile:
    """Return the file with its format: by extension, else as declared, else CSV.

    A file of the declared kind is read with the declared encoding and delimiter; a byte order mark outranks
    the encoding. FileError where the file cannot be opened.
    """
    beginning = _beginning(path)
    if not beginning:
        raise file_error("E204", path)
    by_extension = _FORMATS_BY_EXTENSION.get(path.suffix.lower(), declared or FileFormat("csv"))
    chosen = declared if declared and declared.kind == by_extension.kind else by_extension
    marked = next((name for mark, name in _MARKS if beginning.startswith(mark)), chosen.encoding)
    return SourceFile(path, replace(chosen, encoding=marked))


def _beginning(path: Path) -> bytes:
    if not path.exists():
        raise file_error("E201", path)
    if not path.is_file():
        raise file_error("E202", path)
    with _opened(path) as stream:
        return stream.read(4)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        stream = path.open("rb")
    except OSError as problem:
        raise file_error("E203", path, why=problem.strerror or "unknown cause") from problem
    with stream:
        yield stream


@contextmanager
def open_text(file: SourceFile) -> Iterator[TextIO]:
    """Open a text file so that nothing in it can stop the reading: an undecodable byte b becomes U+DC00 + b.

    Line ends stay as they are. U+DCxx is half a surrogate pair, which no decoded text holds.
    """
    try:
        stream = file.path.open(encoding=file.file_format.encoding, errors=_UNDECODABLE, newline="")
    except OSError as problem:
        raise file_error("E203", file.path, why=problem.strerror or "unknown cause") from problem
    with stream:
        yield stream


def _escape_bytes(problem: UnicodeError) -> tuple[str, int]:
    # Like "surrogateescape", which gives up on bytes below 0x80 (half a character in UTF-16).
    if not isinstance(problem, UnicodeDecodeError):
        raise problem
    broken = problem.object[problem.start : problem.end]
    return "".join(chr(0xDC00 + byte) for byte in broken), problem.end


codecs.register_error(_UNDECODABLE, _escape_bytes)
