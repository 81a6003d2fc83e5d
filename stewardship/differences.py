"""Where two values differ, letter by letter."""

from __future__ import annotations

from difflib import SequenceMatcher

__all__ = ["Piece", "differing"]

Piece = tuple[str, bool]
"""A part of a value, and whether the other value has it otherwise."""
_ALIKE = 0.4
"""Values that have less than this in common are other values: no letters are picked out."""


def differing(value: str, other: str) -> list[Piece]:
    """Return a value in pieces, those marked that `other` has otherwise. Upper and lower case are the same."""
    ours, theirs = _comparable(value), _comparable(other)
    if ours == theirs or not other:
        return [(value, False)]
    matched = SequenceMatcher(None, ours, theirs, autojunk=False)
    if matched.ratio() < _ALIKE:
        return [(value, True)]
    pieces: list[Piece] = []
    for how, start, end, _, _ in matched.get_opcodes():
        if end > start:
            pieces.append((value[start:end], how != "equal"))
    # Where only the other value has more, there is nothing here to mark but the value itself.
    return pieces if any(marked for _, marked in pieces) else [(value, False)]


def _comparable(value: str) -> str:
    lower = value.lower()
    return lower if len(lower) == len(value) else value
