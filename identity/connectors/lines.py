"""The physical lines of a text file, in bounded memory, with a way to put back what was looked at ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple, TextIO

__all__ = ["LINE_LIMIT", "Line", "Lines"]

LINE_LIMIT = 1024 * 1024
"""Characters of one line that are ever held; what follows up to the line's end is passed over."""


class Line(NamedTuple):
    """A line without its end. `cut` says that it was longer than LINE_LIMIT."""

    number: int
    text: str
    end: str = "\n"
    cut: bool = False

    @property
    def decodable(self) -> bool:
        """No byte of it was undecodable (see `open_text`)."""
        if self.text.isascii():
            return True
        try:
            self.text.encode()
        except UnicodeEncodeError:
            return False
        return True


class Lines:
    """Reads a stream line by line; `put_back` returns lines to the front."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: deque[Line] = deque()
        self._number = 0

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> Line:
        if self._waiting:
            return self._waiting.popleft()
        text = self._stream.readline(LINE_LIMIT)
        if not text:
            raise StopIteration
        self._number += 1
        content = text.rstrip("\r\n")
        if len(content) < len(text) or len(text) < LINE_LIMIT:
            return Line(self._number, content, text[len(content) :])
        self._pass_over_the_rest()
        return Line(self._number, content, cut=True)

    def put_back(self, lines: Iterable[Line]) -> None:
        """Make `lines` the next ones to be read, in their order."""
        self._waiting.extendleft(reversed(list(lines)))

    def _pass_over_the_rest(self) -> None:
        while (more := self._stream.readline(LINE_LIMIT)) and not more.endswith(("\n", "\r")):
            pass
