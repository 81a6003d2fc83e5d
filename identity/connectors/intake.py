"""What reading a file yields: canonical records, and a report in which every row is counted once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from identity.connectors.faults import FIELD_LIMIT, ROW_FAULTS, RowOutcome
from identity.model.record import CANONICAL_ATTRIBUTES, KEY_COLUMNS

__all__ = ["RECORD_COLUMNS", "Intake", "RowIssue", "bounded", "record_columns", "row_issue"]

RECORD_COLUMNS = (*KEY_COLUMNS, *CANONICAL_ATTRIBUTES, "observed_at", "consents", "original", "row")
"""The columns every record table has; custom attributes and kept columns come on top."""

_KEPT_OF_A_LONG_ROW = 1024
_NO_CHARACTER = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class RowIssue:
    """What is wrong with one row, and what became of it.

    `row` is the 1-based data row (0: the whole file), `line` the line of a text file where known, else 0.
    `raw` is the row as it came, to be mended and sent again: personal data, at most 64 KB, only the beginning
    of a longer row. `message` never repeats a value.
    """

    file: str
    row: int
    column: str | None
    source: str
    source_record_id: str | None
    code: str
    message: str
    outcome: RowOutcome
    raw: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Intake:
    """One file, read: accepted + quarantined + rejected = rows. Warnings are about accepted rows."""

    file: str
    source: str
    rows: int
    records: pa.Table
    issues: tuple[RowIssue, ...] = ()

    @property
    def accepted(self) -> int:
        return int(self.records.num_rows)

    @property
    def quarantined(self) -> int:
        return self._with(RowOutcome.QUARANTINED)

    @property
    def rejected(self) -> int:
        return self._with(RowOutcome.REJECTED)

    @property
    def warnings(self) -> int:
        return self._with(RowOutcome.WARNING)

    def _with(self, outcome: RowOutcome) -> int:
        return sum(issue.outcome is outcome for issue in self.issues)


def record_columns(custom: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the columns of a record table in their order, kept columns aside."""
    return (*KEY_COLUMNS, *CANONICAL_ATTRIBUTES, *custom, "observed_at", "consents", "original", "row")


def row_issue(
    code: str,
    file: str,
    row: int,
    *,
    source: str = "",
    column: str | None = None,
    record_id: str | None = None,
    raw: str = "",
    line: int = 0,
    reason: str = "",
) -> RowIssue:
    """Return the issue of `code`; a `reason` takes the place of the general meaning."""
    fault = ROW_FAULTS[code]
    where = f"{file}, row {row}" if row else file
    where += f" (line {line})" if line else ""
    where += f", column {column}" if column else ""
    message = f"{where}: {reason or fault.meaning}."
    return RowIssue(file, row, column, source, record_id, code, message, fault.outcome, bounded(raw), line)


def bounded(raw: str) -> str:
    """Return `raw` as text that can be stored anywhere: what is no character spelt out, a long row cut."""
    text = raw if raw.isprintable() else _NO_CHARACTER.sub(_spelt_out, raw)
    if len(text) <= FIELD_LIMIT // 4 or len(text.encode()) <= FIELD_LIMIT:
        return text
    return f"{text[:_KEPT_OF_A_LONG_ROW]}… ({len(text)} characters)"


def _spelt_out(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number & 0xFF:02x}" if number == 0 or 0xDC00 <= number <= 0xDCFF else f"\\u{number:04x}"
