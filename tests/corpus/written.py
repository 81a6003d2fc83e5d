"""The corpus as files that systems send: one row for each text, in three formats."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from identity.model.record import CANONICAL_ATTRIBUTES
from tests.corpus.cases import Case

__all__ = ["FORMATS", "can_be_written", "write"]

FORMATS = ("csv", "jsonl", "parquet")
_COLUMNS = ("source", "source_record_id", *CANONICAL_ATTRIBUTES)


def can_be_written(case: Case, form: str) -> bool:
    """Only JSON can spell half a character."""
    return form == "jsonl" or not any("\ud800" <= letter <= "\udfff" for letter in case.text)


def write(cases: Sequence[Case], form: str, folder: Path) -> tuple[Path, list[Case]]:
    """Write the cases that a format can hold; return the file and the case of each row."""
    held = [case for case in cases if can_be_written(case, form)]
    rows = [
        {"source": "pos", "source_record_id": f"{form}-{n}", case.attribute: case.text}
        for n, case in enumerate(held)
    ]
    path = folder / f"cases.{form}"
    _WRITERS[form](rows, path)
    return path, held


def _csv(rows: list[dict[str, str]], path: Path) -> None:
    def line(cells: Sequence[str]) -> str:
        return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"

    told = (line([row.get(name, "") for name in _COLUMNS]) for row in rows)
    path.write_text(line(_COLUMNS) + "".join(told), encoding="utf-8", newline="")


def _jsonl(rows: list[dict[str, str]], path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="ascii")


def _parquet(rows: list[dict[str, str]], path: Path) -> None:
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in _COLUMNS}
    pq.write_table(pa.table(columns), path)


_WRITERS = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}
