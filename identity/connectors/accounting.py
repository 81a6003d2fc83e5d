"""From rows and findings to an intake: one verdict per row, the last row of a key wins, all are counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from identity.connectors.faults import ROW_FAULTS, RowOutcome
from identity.connectors.findings import Finding, repeated
from identity.connectors.intake import Intake, RowIssue, record_columns, row_issue
from identity.connectors.mapping import CanonicalRows
from identity.connectors.raw_rows import RawRows

__all__ = ["account"]

_WARNINGS_SHOWN = 1000
"""Of each kind; the rest are counted in one more."""

_LONGEST_ID_SHOWN = 200


def account(
    file: str,
    source: str,
    raw: RawRows,
    rows: CanonicalRows,
    custom: Sequence[str] = (),
    absent: Sequence[str] = (),
) -> Intake:
    """Return the intake of a file. `absent` columns, read by the rules but not in the file, are warned of."""
    report = _Report(file, source, raw, rows)
    verdicts = _verdicts(rows.findings)
    refused = np.zeros(len(raw), bool)
    refused[list(verdicts)] = True
    # A row the source rejects is still its latest word on the record: it replaces earlier rows too.
    heard = [
        at for at, finding in verdicts.items() if ROW_FAULTS[finding.code].outcome is RowOutcome.REJECTED
    ]
    named = ~refused
    named[heard] = True
    replaced = repeated(rows.columns["source"], rows.columns["source_record_id"], np.flatnonzero(named))
    for position in replaced.tolist():
        verdicts.setdefault(position, Finding("E340", None, replaced))
    refused[replaced] = True
    issues = [broken.issue(file, source) for broken in raw.broken]
    issues += [report.issue(position, finding) for position, finding in verdicts.items()]
    issues += [row_issue("E362", file, 0, source=source, column=column) for column in absent]
    issues += report.warnings(rows.findings, refused)
    table = _table(raw, rows, custom)
    records = table.filter(pa.array(~refused)) if refused.any() else table
    return Intake(file, source, raw.counted, records, tuple(sorted(issues, key=lambda issue: issue.row)))


def _verdicts(findings: Iterable[Finding]) -> dict[int, Finding]:
    """Return the first finding, in their order, that costs each row its place."""
    verdicts: dict[int, Finding] = {}
    for finding in findings:
        if ROW_FAULTS[finding.code].outcome is not RowOutcome.WARNING:
            for position in finding.positions.tolist():
                verdicts.setdefault(position, finding)
    return verdicts


def _table(raw: RawRows, rows: CanonicalRows, custom: Sequence[str]) -> pa.Table:
    nothing = pa.nulls(len(raw), pa.string())
    columns = {
        **rows.columns,
        "original": nothing if raw.originals is None else raw.originals,
        "row": raw.rows,
    }
    return pa.table({name: columns.get(name, nothing) for name in record_columns(custom)} | dict(raw.kept))


class _Report:
    """Spells findings out as issues of their rows."""

    def __init__(self, file: str, source: str, raw: RawRows, rows: CanonicalRows) -> None:
        self._file = file
        self._source = source
        self._raw = raw
        self._rows = rows

    def issue(self, position: int, finding: Finding) -> RowIssue:
        record_id = self._rows.columns["source_record_id"][position].as_py()
        shown = record_id is not None and len(record_id) <= _LONGEST_ID_SHOWN and record_id.isprintable()
        return row_issue(
            finding.code,
            self._file,
            self._raw.rows[position].as_py(),
            source=self._rows.columns["source"][position].as_py() or self._source,
            column=finding.column,
            record_id=record_id if shown else None,
            raw=self._text(position),
            line=self._raw.lines[position].as_py(),
            reason=finding.reason,
        )

    def warnings(self, findings: Iterable[Finding], refused: npt.NDArray[np.bool_]) -> Iterator[RowIssue]:
        """Yield the warnings about accepted rows, the first thousand of each kind one by one."""
        for finding in findings:
            if ROW_FAULTS[finding.code].outcome is RowOutcome.WARNING:
                accepted = finding.positions[~refused[finding.positions]]
                yield from (self.issue(at, finding) for at in accepted[:_WARNINGS_SHOWN].tolist())
                yield from self._beyond(len(accepted) - _WARNINGS_SHOWN, finding)

    def _beyond(self, count: int, finding: Finding) -> Iterator[RowIssue]:
        if count > 0:
            reason = f"{count} more rows like the {_WARNINGS_SHOWN} above: {ROW_FAULTS[finding.code].meaning}"
            yield row_issue(
                finding.code, self._file, 0, source=self._source, column=finding.column, reason=reason
            )

    def _text(self, position: int) -> str:
        if self._raw.originals is not None:
            return str(self._raw.originals[position].as_py())
        row = {name: values[position].as_py() for name, values in self._raw.columns.items()}
        return orjson.dumps(row).decode()
