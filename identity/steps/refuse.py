"""refuse: what no store could hold or no reader would let through, told by number as it is of a file's rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from identity.features.codes import is_rounded
from identity.model.consent import RESTRICTIVENESS
from identity.model.errors import RowError
from identity.model.record import CANONICAL_ATTRIBUTES, SourceRecord

__all__ = ["refuse", "storable"]

_LONGEST = 65_536
"""Bytes."""
_FIRST, _LAST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
_HALF = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ISSUED = ("source_record_id", "loyalty_id")


def refuse(record: SourceRecord, custom: tuple[str, ...] = ()) -> RowError | None:
    """Return why `record` cannot be taken, None when it can. `custom` are the declared attributes."""
    if not record.key.source_record_id:
        return RowError("E311", "It has no record id.", "Give it the id that its system knows it by.")
    if not record.key.source:
        return RowError("E312", "It does not say which source it comes from.", "Name the source.")
    known = {*CANONICAL_ATTRIBUTES, *custom}
    if (
        record.attributes.keys() - known
    ):  # whose names are not repeated: what a caller invents may be personal
        return RowError(
            "E318",
            "It has an attribute that nobody has declared.",
            "Declare it in `custom_attributes` of customer.match.yml.",
        )
    for place, text in _texts(record):
        if problem := _unstorable(place, text) or _unread(place, text):
            return problem
    if any(status not in RESTRICTIVENESS for status in record.consents.values()):
        return RowError(
            "E317", "A consent has no known status.", f"Use one of: {', '.join(RESTRICTIVENESS)}."
        )
    observed = record.observed_at
    if observed is not None and (observed.tzinfo is None or not _FIRST <= observed <= _LAST):
        return RowError(
            "E319",
            "It was observed outside of the years 1000 to 9998, or in no time zone.",
            "Correct the timestamp.",
        )
    return None


def storable(*texts: str) -> bool:
    """Say whether stores can hold these texts, so that it makes sense to ask for them."""
    return not any(_unstorable("", text) for text in texts)


def _texts(record: SourceRecord) -> Iterator[tuple[str, str]]:
    yield "source", record.key.source
    yield "source_record_id", record.key.source_record_id
    for name, value in (*record.attributes.items(), *record.consents.items()):
        yield name, name
        yield name, value


def _unstorable(place: str, text: str) -> RowError | None:
    """Say what of a text no database stores. The text itself is personal, and not repeated."""
    if "\0" in text:
        return RowError("E302", f"There is a NUL byte in {place!a}.", "Remove it.")
    if _HALF.search(text):
        return RowError(
            "E308", f"{place!a} holds half of a surrogate pair, which is no character.", "Remove it."
        )
    if len(text) > _LONGEST // 4 and len(text.encode()) > _LONGEST:
        return RowError("E309", f"{place!a} is longer than 64 KB.", "Shorten it.")
    return None


def _unread(place: str, text: str) -> RowError | None:
    """Say what of a text stores could hold, and no reader of files lets through."""
    if _CONTROL.search(text):
        return RowError("E303", f"There is a control character in {place!a}.", "Remove it.")
    if place in _ISSUED and is_rounded(text):
        return RowError(
            "E316",
            f"A spreadsheet has rounded {place!a}, its digits are lost.",
            "Tell it as text, with all its digits.",
        )
    return None
