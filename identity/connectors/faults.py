"""Everything that can be wrong with a file (E2xx) or with one of its rows (E3xx), as two tables.

A message names file, row and column and never repeats a value: what stands in a row belongs to a person, and
messages travel into logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from identity.model.errors import FileError

__all__ = ["FIELD_LIMIT", "FILE_FAULTS", "FIXES", "ROW_FAULTS", "RowFault", "RowOutcome", "file_error"]

FIELD_LIMIT = 64 * 1024
"""Bytes one field may have; a longer one is never a customer's attribute."""


class RowOutcome(StrEnum):
    """What became of a row that is reported. A warning leaves the row among the accepted ones."""

    QUARANTINED = "quarantined"
    REJECTED = "rejected"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class RowFault:
    """One way a row can be wrong: what becomes of it, and what the report says."""

    outcome: RowOutcome
    meaning: str


FILE_FAULTS: Mapping[str, tuple[str, str]] = {
    "E201": ("{file} does not exist.", "Check the path."),
    "E202": ("{file} is not a file.", "Name one file, not a folder."),
    "E203": (
        "{file} cannot be opened: {why}.",
        "Grant this account read access, or close the program that locks it.",
    ),
    "E204": (
        "{file} is empty.",
        "A file without customers still needs its header; ask the source to export again.",
    ),
    "E205": ("{file} has the column {column} more than once.", "Rename or drop one of them."),
    "E206": (
        "{file} has {count} columns and none of them is {column}.",
        "Check the delimiter and the first line.",
    ),
    "E207": (
        "{file} is not a Parquet file, or it is damaged.",
        "Write it again, or name it by its true format.",
    ),
    "E208": (
        "{file} holds lists or objects in {column}, where one value is expected.",
        "Flatten the column.",
    ),
    "E209": ("{file} has no column {column}, which was asked for by name.", "Name a column the file has."),
    "E210": (
        "{file} does not say which source its rows come from.",
        "Add a source column or name the source.",
    ),
    "E211": (
        "{file} has a first line that cannot be read as {encoding} text.",
        "Check the encoding in the rules.",
    ),
    "E212": ("{column} cannot be asked for by name: it is a column of every record.", "Leave it out."),
    "E213": (
        "{file} cannot be read as {kind}.",
        "Check that the file is what its name says and is complete.",
    ),
}
"""Code → message and remedy. None of the file's rows were taken."""

_QUARANTINED, _REJECTED, _WARNING = RowOutcome.QUARANTINED, RowOutcome.REJECTED, RowOutcome.WARNING

ROW_FAULTS: Mapping[str, RowFault] = {
    "E301": RowFault(_QUARANTINED, "some bytes are not text in the declared encoding"),
    "E302": RowFault(_QUARANTINED, "there is a NUL byte in it"),
    "E303": RowFault(_QUARANTINED, "there is a control character in it"),
    "E304": RowFault(_QUARANTINED, "it does not have as many fields as the header has columns"),
    "E305": RowFault(_QUARANTINED, "a quotation mark opens and never closes"),
    "E306": RowFault(_QUARANTINED, "it is not valid JSON"),
    "E307": RowFault(_QUARANTINED, "it is valid JSON, but not an object"),
    "E308": RowFault(_QUARANTINED, "it holds half of a surrogate pair, which is no character"),
    "E309": RowFault(_QUARANTINED, "a field is longer than 64 KB"),
    "E310": RowFault(_QUARANTINED, "a list or an object stands where one value is expected"),
    "E311": RowFault(_QUARANTINED, "it has no record id"),
    "E312": RowFault(_QUARANTINED, "it does not say which source it comes from"),
    "E313": RowFault(_QUARANTINED, "there is no such day in the calendar"),
    "E314": RowFault(_QUARANTINED, "the date is in the future"),
    "E315": RowFault(_QUARANTINED, "the date makes the person older than 120 years"),
    "E316": RowFault(
        _QUARANTINED, "a spreadsheet has rounded the identifier (1.23E+12), its digits are lost"
    ),
    "E317": RowFault(
        _QUARANTINED, "consents are not a JSON object of purpose.channel with a known status each"
    ),
    "E340": RowFault(_REJECTED, "a later row of this file has the same record id and replaces it"),
    "E341": RowFault(_REJECTED, "the source has marked the record as not to be used"),
    "E360": RowFault(_WARNING, "the consent is spelt in a way the rules do not know; it is taken as unknown"),
    "E361": RowFault(_WARNING, "the timestamp cannot be read; it is left out"),
    "E362": RowFault(_WARNING, "the rules read this column, but the file does not have it"),
    "E363": RowFault(_WARNING, "there is no such day in the calendar; the text is kept"),
    "E364": RowFault(_WARNING, "the date is in the future; the text is kept"),
    "E365": RowFault(_WARNING, "the date makes the person older than 120 years; the text is kept"),
}
"""Code → outcome and meaning."""

FIXES: Mapping[str, str] = {
    "E301": "Type the field that is broken; then correct `encoding` in the rules of the source.",
    "E302": "Take the NUL byte out.",
    "E303": "Take the control character out.",
    "E304": "Put each value into its column; then have the source quote its fields.",
    "E305": "Put each value into its column; then have the source close its quotation marks.",
    "E306": "Put each value into its column; then have the source write valid JSON.",
    "E307": "Put each value into its column; each line has to be one object.",
    "E308": "Type the character that is broken.",
    "E309": "Shorten the field: no attribute is that long.",
    "E310": "Put one value into the column, or name the value inside in the rules of the source.",
    "E311": "Type the id by which the system knows the record.",
    "E312": "Type the name of the source.",
    "E313": "Correct the day, or empty the column where nobody knows it.",
    "E314": "Correct the day, or empty the column where nobody knows it.",
    "E315": "Correct the year, or empty the column where nobody knows it.",
    "E316": "Type all digits as the system has them; have the column exported as text.",
    "E317": "Write consents as a JSON object, or correct the status; see docs/consent.md.",
    "E318": "Declare the attribute in `custom_attributes` of customer.match.yml.",
    "E319": "Correct the timestamp, or give it a time zone.",
    "E320": "Correct the consent, or declare its purpose in customer.consent.yml.",
    "E321": "Take what cannot be stored out of the consent.",
    "E322": "Correct the address or number that the consent is for.",
    "E323": "Drop it. If they have come back by their own will, a privacy officer releases them.",
    "E340": "Nothing is to be done: a later row of the file holds.",
    "E341": "Nothing is to be done: the source does not want it used.",
    "E360": "Add the spelling to `meanings` of the consent in the rules of the source.",
    "E361": "Add its format to `observed_at_formats` in the rules of the source.",
    "E362": "Add the column to the file, or to `optional_columns` in the rules of the source.",
    "E363": "Correct it in the source; the text was kept.",
    "E364": "Correct it in the source; the text was kept.",
    "E365": "Correct it in the source; the text was kept.",
}
"""Code → what to do about the row."""


def file_error(code: str, path: Path | str, **particulars: object) -> FileError:
    """Return the FileError of `code`, its message completed with the file and the particulars."""
    message, remedy = FILE_FAULTS[code]
    return FileError(code, message.format(file=path, **particulars), remedy)
