"""Accepted rows → records as the store holds them, and back to the columns that matching reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from identity.connectors.consents import dated_texts
from identity.connectors.intake import Intake, RowIssue
from identity.model.policy import SourceMode
from identity.model.record import CANONICAL_ATTRIBUTES, KEY_COLUMNS
from identity.ports import QUARANTINED, RECORDS
from identity.workbench import workbench

__all__ = ["arrivals", "quarantined", "spread"]

_QUERY = """
    select source, source_record_id, $mode as mode,
           md5(to_json({{{hashed}}})) as content_hash,
           try_cast(observed_at as timestamptz) as observed_at, $at as loaded_at, $load_id as load_id,
           null::timestamptz as deleted_at, {attributes}, coalesce(consents, '{{}}') as consents,
           {custom} as custom, original,
           coalesce(list_max(json_extract_string(consents, '$.*.captured_at')) > $today, false) as ahead
    from intake
"""


def arrivals(
    intake: Intake, mode: SourceMode, load_id: str, at: datetime, custom: Sequence[str] = ()
) -> pa.Table:
    """Return the accepted records of `intake` as RECORDS. Equal content has an equal `content_hash`."""
    told = [*CANONICAL_ATTRIBUTES, *custom, "observed_at", "consents"]
    present = [name for name in custom if name in intake.records.column_names]
    query = _QUERY.format(
        hashed=", ".join(f"'{name}': \"{name}\"" for name in told if name in intake.records.column_names),
        attributes=", ".join(CANONICAL_ATTRIBUTES),
        custom=f"to_json({{{', '.join(_field(name) for name in present)}}})" if present else "'{}'",
    )
    with workbench() as work:
        work.execute("set timezone='UTC'")
        work.register("intake", intake.records)
        parameters = {
            "mode": str(mode),
            "at": at,
            "load_id": load_id,
            "today": f"{at.astimezone(UTC):%Y-%m-%d}",
        }
        found = work.sql(query, params=parameters).to_arrow_table()
    return _not_from_the_future(found, at).select(RECORDS.names).cast(RECORDS)


def _not_from_the_future(records: pa.Table, at: datetime) -> pa.Table:
    """Return records whose consents were captured when they are told, at the latest."""
    if not pc.any(records["ahead"]).as_py():
        return records
    texts = [
        dated_texts(text, at) if ahead else text
        for text, ahead in zip(records["consents"].to_pylist(), records["ahead"].to_pylist(), strict=True)
    ]
    place = records.column_names.index("consents")
    return records.set_column(place, "consents", pa.array(texts, pa.string()))


def _field(name: str) -> str:
    return f"'{name}': \"{name}\""


def spread(records: pa.Table, custom: Sequence[str] = ()) -> pa.Table:
    """Return the columns that matching and survivorship read: keys, attributes, custom ones, observed_at, consents."""
    columns = [name for name in (*KEY_COLUMNS, *CANONICAL_ATTRIBUTES) if name in records.column_names]
    table = records.select(columns)
    for name in custom:
        if name in records.column_names:
            table = table.append_column(name, records[name])
        elif "custom" in records.column_names:
            table = table.append_column(name, _from_json(records["custom"], name))
    if "observed_at" in records.column_names:
        table = table.append_column("observed_at", _iso(records["observed_at"]))
    if "consents" in records.column_names:
        table = table.append_column("consents", records["consents"])
    return table


def _from_json(documents: pa.ChunkedArray, name: str) -> pa.Array:
    return pa.array([orjson.loads(text or "{}").get(name) for text in documents.to_pylist()], pa.string())


def _iso(moments: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(moments.type):
        return pc.strftime(pc.cast(moments, pa.timestamp("us", tz="UTC"), safe=False), "%Y-%m-%dT%H:%M:%SZ")
    return moments


def quarantined(issues: Sequence[RowIssue], load_id: str, at: datetime) -> pa.Table:
    """Return the issues of a load as QUARANTINED."""
    rows = [
        {
            "load_id": load_id,
            "file": issue.file,
            "row": issue.row,
            "column": issue.column,
            "source": issue.source,
            "source_record_id": issue.source_record_id,
            "code": issue.code,
            "message": issue.message,
            "outcome": str(issue.outcome),
            "raw": issue.raw,
            "status": "open",
            "created_at": at,
        }
        for issue in issues
    ]
    return pa.Table.from_pylist(rows, schema=QUARANTINED)
