"""Files of delimited rows, and how a row of them goes wrong."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from identity.sample.faults import Spoiling, next_number

CutRow = tuple[str, ...]


def write_rows(
    path: Path, header: Sequence[str], rows: Sequence[CutRow], separator: str, encoding: str, ending: str
) -> int:
    """Rows written, header aside."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator=ending)
        writer.writerow(header)
        writer.writerows(rows)
    return len(rows)


def spoiling(columns: Sequence[str], key: str, later: Mapping[str, str]) -> Spoiling[CutRow]:
    """How a row of these columns goes wrong; `later` holds what a repeated row says instead."""
    return Spoiling(
        _with(columns, lambda _: {key: ""}),
        lambda row: _with(columns, lambda old: {key: next_number(old[key])})(row)[: len(columns) * 3 // 5],
        _with(columns, lambda _: later),
    )


def _with(
    columns: Sequence[str], change: Callable[[Mapping[str, str]], Mapping[str, str]]
) -> Callable[[CutRow], CutRow]:
    def changed(row: CutRow) -> CutRow:
        old = dict(zip(columns, row, strict=True))
        return tuple({**old, **change(old)}.values())

    return changed
