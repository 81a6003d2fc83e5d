"""Birth dates as eight digits YYYYMMDD. What is ambiguous stays so, what is impossible stays comparable."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from identity.features.text import ascii_digits

__all__ = ["AMBIGUOUS", "birth_date"]

AMBIGUOUS = "?"
"""Suffix of a date whose day and month cannot be told apart (03/04/1985)."""

# Dates that systems write when they know none.
_PLACEHOLDERS = frozenset(
    {"00000000", "19000101", "19010101", "19700101", "00010101", "99991231", "18991230", "18991231"}
)
_ISO = re.compile(r"^(\d{4})[-/. ]?(\d{2})[-/. ]?(\d{2})(?:[T ].*)?$")
_PARTS = re.compile(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})(?:[T ,].*)?$")
_SHORT_ISO = re.compile(r"^(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})$")
_NAMED_MONTHS = ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%d-%b-%Y")


def birth_date(text: str | None, formats: Sequence[str] = ()) -> str:
    """Return `text` as YYYYMMDD, with `?` behind it when day and month may be swapped; "" for none or a placeholder.

    `formats` are strptime directives tried first. Digits of an impossible date (1916-00-17) are kept: one mistyped
    digit is still evidence.
    """
    if not text:
        return ""
    text = ascii_digits(text.strip())
    digits = _by_formats(text, formats) or _by_shape(text)
    return "" if digits.rstrip(AMBIGUOUS) in _PLACEHOLDERS else digits


def _by_formats(text: str, formats: Sequence[str]) -> str:
    for directive in formats:
        try:
            found = datetime.strptime(text, directive)  # noqa: DTZ007 — a date has no zone
            return f"{found.year:04d}{found.month:02d}{found.day:02d}"
        except ValueError:
            continue
    return ""


def _by_shape(text: str) -> str:
    if iso := _ISO.match(text):
        return "".join(iso.groups())
    if short := _SHORT_ISO.match(text):
        return f"{short[1]}{int(short[2]):02d}{int(short[3]):02d}"
    if parts := _PARTS.match(text):
        return _day_month(int(parts[1]), int(parts[2]), parts[3])
    return _by_formats(text.replace(",", ""), _NAMED_MONTHS)


def _day_month(first: int, second: int, year: str) -> str:
    if first > 12:
        return f"{year}{second:02d}{first:02d}"
    if second > 12 or first == second:
        return f"{year}{first:02d}{second:02d}"
    return f"{year}{first:02d}{second:02d}{AMBIGUOUS}"
