"""Reading files: a source system's own format, or one whose columns are canonical already."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pyarrow.compute as pc

from identity.connectors.accounting import account
from identity.connectors.csv_rows import read_csv_rows
from identity.connectors.faults import file_error
from identity.connectors.intake import Intake, record_columns
from identity.connectors.json_rows import json_rows, read_json_rows
from identity.connectors.mapping import canonical_rows, map_rows
from identity.connectors.opening import SourceFile, recognise
from identity.connectors.parquet_rows import read_parquet_rows
from identity.connectors.raw_rows import RawRows, Request
from identity.model.policy import SourcePolicy
from identity.model.record import CANONICAL_ATTRIBUTES, KEY_COLUMNS

__all__ = ["columns_read", "read_again", "read_canonical_file", "read_message", "read_source_file"]

_READERS: Mapping[str, Callable[[SourceFile, Request], RawRows]] = {
    "csv": read_csv_rows,
    "jsonl": read_json_rows,
    "parquet": read_parquet_rows,
}


def read_source_file(path: Path, policy: SourcePolicy, *, today: date | None = None) -> Intake:
    """Read a file as the source system writes it, into canonical attributes; every row is accounted for.

    CSV, JSON lines and Parquet are told by the file's extension, else by the policy. `today` (the day in UTC
    unless given) tells which dates lie in the future. FileError if the file as a whole cannot be read;
    nothing in a row can stop the reading of the others.
    """
    paths = _paths_read(policy)
    raw = _read(recognise(path, policy.file_format), Request(policy.name, paths, (policy.record_id,)))
    rows = map_rows(raw, policy, today or _today())
    absent = [path for path in paths if path not in raw.columns and path not in policy.optional_columns]
    return account(str(path), policy.name, raw, rows, policy.custom, absent)


def columns_read(policy: SourcePolicy | None, custom: Sequence[str] = ()) -> tuple[str, ...]:
    """Return what is read of a row by a source's rules, or (None) of one whose columns are canonical."""
    return _paths_read(policy) if policy else _canonical(custom)


def read_again(
    told: Sequence[Mapping[str, object]],
    policy: SourcePolicy | None,
    name: str,
    source: str | None = None,
    custom: Sequence[str] = (),
    *,
    today: date | None = None,
) -> Intake:
    """Read rows that were read before, each as JSON holds it: by a source's rules, or (None) in canonical columns, then
    of `source` where they name none. Their row numbers count from 1."""
    # What is no character stays spelt out, and is found.
    lines = StringIO("\n".join(map(json.dumps, told)))
    if policy:
        raw = json_rows(lines, Request(policy.name, _paths_read(policy), (policy.record_id,)), name)
        return account(name, policy.name, raw, map_rows(raw, policy, today or _today()), policy.custom)
    request = Request(source or "", _canonical(custom), ("source_record_id",), objects=("consents",))
    raw = json_rows(lines, request, name)
    rows = canonical_rows(raw, source, custom, today or _today())
    return account(name, source or "", raw, rows, custom)


def read_message(
    told: Mapping[str, object], policy: SourcePolicy, name: str, *, today: date | None = None
) -> Intake:
    """Read one record of a message as a file's row is read: accepted, or an issue says why not.

    `told` is what JSON holds, with numbers as the text they were written in. `name` stands for the file's.
    """
    return read_again([told], policy, name, today=today)


def read_canonical_file(
    path: Path,
    *,
    source: str | None = None,
    keep: Sequence[str] = (),
    custom: Sequence[str] = (),
    today: date | None = None,
) -> Intake:
    """Read a file whose columns are canonical; every row is accounted for.

    `source` stands where the file names none. `keep` columns pass through untouched; `custom` ones are
    read like attributes, also from within `custom`. Columns nobody asked for are ignored, absent optional
    ones are null. Impossible birth dates are kept and warned of. FileError as for `read_source_file`, and if
    there is no record id column, no source or no `keep` column.
    """
    _check_names(keep, custom)
    request = Request(
        source or "",
        _canonical(custom),
        ("source_record_id",),
        tuple(keep),
        originals=False,
        objects=("consents",),
    )
    raw = _read(recognise(path, None), request)
    if source is None and "source" not in raw.columns:
        raise file_error("E210", path)
    rows = canonical_rows(raw, source, custom, today or _today())
    named = pc.unique(rows.columns["source"]).drop_null().to_pylist()
    return account(str(path), named[0] if len(named) == 1 else source or "", raw, rows, custom)


def _read(file: SourceFile, request: Request) -> RawRows:
    kind = file.file_format.kind
    try:
        return _READERS[kind](file, request)
    except UnicodeError as problem:
        raise file_error("E211", file.path, encoding=file.file_format.encoding) from problem
    except OSError as problem:
        raise file_error("E203", file.path, why=problem.strerror or "unknown cause") from problem
    except MemoryError as problem:
        raise file_error("E213", file.path, kind=kind) from problem


def _canonical(custom: Sequence[str]) -> tuple[str, ...]:
    within = (f"custom.{name}" for name in custom)
    return (*KEY_COLUMNS, *CANONICAL_ATTRIBUTES, *custom, *within, "observed_at", "consents")


def _paths_read(policy: SourcePolicy) -> tuple[str, ...]:
    mapped = (path for mapping in policy.columns for path in mapping.paths)
    consents = (path for consent in policy.consents for path in (consent.path, consent.captured_at))
    moments = (policy.observed_at, *policy.observed_at_fallbacks)
    every = (policy.record_id, *mapped, *moments, *consents, *policy.reject_when)
    return tuple(dict.fromkeys(filter(None, every)))


def _check_names(keep: Sequence[str], custom: Sequence[str]) -> None:
    taken = [*record_columns(custom), *keep]
    if twice := next((name for at, name in enumerate(taken) if name in taken[:at]), None):
        raise file_error("E212", "", column=twice)


def _today() -> date:
    return datetime.now(UTC).date()
