"""Dates and moments as sources write them: read by declared formats, then by shape, and judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

__all__ = ["PLACEHOLDER_DATES", "impossible", "iso_date", "iso_moment", "says_nothing"]

OLDEST = 120
"""Years; no customer is older."""

PLACEHOLDER_DATES = frozenset(
    {
        (0, 0, 0),
        (1, 1, 1),
        (1899, 12, 30),
        (1899, 12, 31),
        (1900, 1, 1),
        (1901, 1, 1),
        (1970, 1, 1),
        (9999, 12, 31),
    }
)
"""What systems write when they know no date: it says nothing, so it is not impossible either."""

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october")
_MONTH_NUMBERS = {name[:3]: at for at, name in enumerate((*_MONTHS, "november", "december"), start=1)}
_PATTERNS: Mapping[str, str] = {
    "%Y": r"(?P<Y>\d{4})",
    "%y": r"(?P<y>\d{2})",
    "%m": r"(?P<m>\d{1,2})",
    "%d": r"(?P<d>\d{1,2})",
    "%b": r"(?P<b>[A-Za-z]{3})",
    "%B": r"(?P<b>[A-Za-z]{3,9})",
    "%H": r"(?P<H>\d{1,2})",
    "%M": r"(?P<M>\d{2})",
    "%S": r"(?P<S>\d{2})",
    "%f": r"(?P<f>\d{1,6})",
    "%z": r"(?P<z>Z|[+-]\d{2}:?\d{2})",
    "%%": "%",
}
# Where digits run together, "%m" and "%d" have two of them.
_RUN_TOGETHER = {"%m": r"(?P<m>\d{2})", "%d": r"(?P<d>\d{2})", "%H": r"(?P<H>\d{2})"}
_DIRECTIVE = re.compile("(%.)")
_ISO_SHAPE = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$|^(\d{4})(\d{2})(\d{2})$")
_PARTS_SHAPE = re.compile(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})$")
_ZEROS = frozenset("0-:/. TZ")


class _Day(NamedTuple):
    year: int
    month: int
    day: int

    def date(self) -> date | None:
        try:
            return date(*self)
        except ValueError:
            return None


@lru_cache(maxsize=256)
def _pattern(directives: str) -> re.Pattern[str]:
    touching = "%Y%m" in directives or "%m%d" in directives or "%d%m" in directives
    table = {**_PATTERNS, **_RUN_TOGETHER} if touching else _PATTERNS
    parts = _DIRECTIVE.split(directives)
    return re.compile("".join(table.get(part, re.escape(part)) for part in parts), re.ASCII)


def _matches(text: str, formats: Sequence[str]) -> Iterator[Mapping[str, str]]:
    for directives in formats:
        if found := _pattern(directives).fullmatch(text):
            yield found.groupdict()


def _day(parts: Mapping[str, str], latest: int) -> _Day:
    """Return the day that a format found; a two-digit year is the last one not after `latest`."""
    year = int(parts["Y"]) if "Y" in parts else latest - (latest - int(parts.get("y", 0))) % 100
    month = int(parts["m"]) if "m" in parts else _MONTH_NUMBERS.get(parts.get("b", "")[:3].lower(), 0)
    return _Day(year, month, int(parts.get("d", 0)))


def _readings(text: str, formats: Sequence[str], today: date) -> list[_Day]:
    """Return every day the text can mean: one by a format or clear shape, two for 03/04/1985, or none."""
    declared = next((_day(parts, today.year) for parts in _matches(text, formats)), None)
    if declared:
        return [declared]
    if iso := _ISO_SHAPE.match(text):
        return [_Day(*(int(part) for part in iso.groups() if part is not None))]
    if parts := _PARTS_SHAPE.match(text):
        first, second, year = map(int, parts.groups())
        return [_Day(year, second, first), _Day(year, first, second)]
    return []


def iso_date(text: str, formats: Sequence[str], today: date) -> str:
    """Return YYYY-MM-DD where a declared format (else ISO) reads a real day; else the text as it is."""
    days = _readings(text, formats, today)
    found = days[0].date() if len(days) == 1 else None
    return found.isoformat() if found else text


def impossible(text: str, formats: Sequence[str], today: date) -> str:
    """Return the code of what makes this birth date impossible (E313, E314, E315), or "" if nothing does.

    A placeholder is not impossible, nor is a text that is no date at all. An ambiguous date is impossible
    only if both its readings are.
    """
    readings = _readings(text, formats, today)
    if not readings or any(day in PLACEHOLDER_DATES for day in readings):
        return ""
    days = [day for reading in readings if (day := reading.date())]
    if not days:
        return "E313"
    if min(days) > today:
        return "E314"
    return "E315" if _age(max(days), today) > OLDEST else ""


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def says_nothing(text: str) -> bool:
    """True for 00000000 and its like, which systems write for "never"."""
    return _ZEROS.issuperset(text)


def iso_moment(text: str, formats: Sequence[str], zone: ZoneInfo) -> str | None:
    """Return the moment as ISO text in UTC (2024-05-01T10:00:00Z), or None if nothing reads it.

    A moment without an offset is local time in `zone`.
    """
    try:
        found = next((_moment(parts) for parts in _matches(text, formats)), None)
        moment = found or datetime.fromisoformat(text)
        if moment.tzinfo is None and zone.key != "UTC":
            moment = moment.replace(tzinfo=zone)
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        return moment.isoformat() + "Z"
    except (ValueError, OverflowError):
        return None


def _moment(parts: Mapping[str, str]) -> datetime:
    # A moment is seldom long past: two-digit years reach to 2068, as POSIX reads them.
    day = _day(parts, 2068)
    clock = (int(parts.get("H", 0)), int(parts.get("M", 0)), int(parts.get("S", 0)))
    micros = int(parts.get("f", "0").ljust(6, "0"))
    return datetime(*day, *clock, micros, tzinfo=_offset(parts.get("z", "")))


def _offset(text: str) -> timezone | None:
    if text in ("", "Z"):
        return UTC if text else None
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
