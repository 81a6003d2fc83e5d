"""Consents that records are taken to state besides their own, put into a population's records."""

from __future__ import annotations

import orjson
import pyarrow as pa

from identity.store import mapping

__all__ = ["CARRIED", "with_carried_consents"]

CARRIED = pa.schema([(name, pa.string()) for name in ("source", "source_record_id", "consent", "status")])


def with_carried_consents(records: pa.Table, carried: pa.Table) -> pa.Table:
    """Return LIVE_RECORDS with the CARRIED consents in their `consents`; of two the stricter one holds."""
    if not carried.num_rows:
        return records
    told: dict[tuple[str, str], list[str]] = {}
    for row in carried.to_pylist():
        told.setdefault((row["source"], row["source_record_id"]), []).append(
            f"{row['consent']}={row['status']}"
        )
    keys = zip(records["source"].to_pylist(), records["source_record_id"].to_pylist(), strict=True)
    consents = [
        _with(text, told[key]) if key in told else text
        for key, text in zip(keys, records["consents"].to_pylist(), strict=True)
    ]
    at = records.column_names.index("consents")
    return records.set_column(at, records.schema.field(at), pa.array(consents, pa.string()))


def _with(text: str, carried: list[str]) -> str:
    stated = orjson.loads(text)
    held = mapping.with_carried({name: said["status"] for name, said in stated.items()}, carried)
    return mapping.flags_to_json({name: {**stated.get(name, {}), "status": held[name]} for name in held})
