"""Identifiers and categories."""

from __future__ import annotations

import re

from identity.features.text import fold, words

__all__ = ["category", "gender", "identifier", "is_rounded"]

_NOT_ALNUM = re.compile(r"[\W_]+")
_GENDERS = {
    "m": "m", "male": "m", "man": "m", "mannlich": "m", "maennlich": "m", "h": "m", "homme": "m", "masculino": "m",
    "f": "f", "female": "f", "woman": "f", "weiblich": "f", "w": "f", "femme": "f", "femenino": "f",
}  # fmt: skip
_PLACEHOLDERS = frozenset(
    "na none unknown null nil tbd test notapplicable notavailable pending undefined".split()
)
_SEQUENCES = "01234567890 09876543210"
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+")


def identifier(text: str | None) -> str:
    """Return an issued number without punctuation or case, or "" for none, a placeholder, one repeated digit, or what a
    spreadsheet has left of a number."""
    if not text or is_rounded(text):
        return ""
    code = _NOT_ALNUM.sub("", fold(text))
    return "" if len(code) < 3 or len(set(code)) == 1 or code in _PLACEHOLDERS or code in _SEQUENCES else code


def is_rounded(text: str) -> bool:
    """Say whether a spreadsheet has rounded a number (1.23E+12): its last digits are lost, and many share the rest."""
    return "+" in text and _ROUNDED.fullmatch(text.strip()) is not None


def gender(text: str | None) -> str:
    """Return m, f or "" (unknown, undisclosed or ambiguous)."""
    return _GENDERS.get(fold(text).strip(), "") if text else ""


def category(text: str | None) -> str:
    """Return the folded words of a declared custom attribute."""
    joined = " ".join(words(text)) if text else ""
    return "" if joined in _PLACEHOLDERS else joined
