"""Identifiers and categories."""

from __future__ import annotations

import re

from identity.features.text import fold, words

__all__ = ["category", "gender", "identifier"]

_NOT_ALNUM = re.compile(r"[\W_]+")
_GENDERS = {
    "m": "m", "male": "m", "man": "m", "mannlich": "m", "maennlich": "m", "h": "m", "homme": "m", "masculino": "m",
    "f": "f", "female": "f", "woman": "f", "weiblich": "f", "w": "f", "femme": "f", "femenino": "f",
}  # fmt: skip
_PLACEHOLDERS = frozenset({"na", "none", "unknown", "null", "tbd", "test"})


def identifier(text: str | None) -> str:
    """Return an issued number without punctuation or case, or "" for none, a placeholder or one repeated digit."""
    code = _NOT_ALNUM.sub("", fold(text)) if text else ""
    return (
        "" if len(code) < 3 or len(set(code)) == 1 or code in _PLACEHOLDERS or code in "0123456789" else code
    )


def gender(text: str | None) -> str:
    """Return m, f or "" (unknown, undisclosed or ambiguous)."""
    return _GENDERS.get(fold(text).strip(), "") if text else ""


def category(text: str | None) -> str:
    """Return the folded words of a declared custom attribute."""
    joined = " ".join(words(text)) if text else ""
    return "" if joined in _PLACEHOLDERS else joined
