"""The shape of every Arrow table that crosses a port.

A column list is a promise in both directions: what is read has exactly these columns in this order; what is
written needs at least these columns (others are ignored). Times are UTC. JSON columns hold JSON as text.
"""

from __future__ import annotations

import pyarrow as pa

from identity.model.record import CANONICAL_ATTRIBUTES

TIME = pa.timestamp("us", tz="UTC")


def _columns(*names: str, times: tuple[str, ...] = (), numbers: tuple[str, ...] = ()) -> pa.Schema:
    kinds = (
        dict.fromkeys(names, pa.string()) | dict.fromkeys(times, TIME) | dict.fromkeys(numbers, pa.int64())
    )
    return pa.schema([(name, kinds[name]) for name in names])


RECORD_KEYS = _columns("source", "source_record_id")
RECORD_HASHES = _columns("source", "source_record_id", "content_hash")
RECORDS = _columns(
    "source", "source_record_id", "mode", "content_hash", "observed_at", "loaded_at", "load_id", "deleted_at",
    *CANONICAL_ATTRIBUTES, "consents", "custom", "original",
    times=("observed_at", "loaded_at", "deleted_at"),
)  # fmt: skip
LIVE_RECORDS = _columns(
    "source", "source_record_id", "content_hash", "observed_at", *CANONICAL_ATTRIBUTES, "consents", "custom",
    "features",
    times=("observed_at",),
)  # fmt: skip
MEMBERSHIPS = _columns("source", "source_record_id", "golden_id")
MOVES = _columns("source", "source_record_id", "came_from", "golden_id")
PROFILE_STATES = _columns(
    "golden_id",
    "version",
    "status",
    "fingerprint",
    "created_at",
    "consents",
    times=("created_at",),
    numbers=("version",),
)
PROFILES = _columns(
    "golden_id", "version", "status", "record_count", "fingerprint", "created_at", "updated_at",
    "attributes", "consents",
    times=("created_at", "updated_at"), numbers=("version", "record_count"),
)  # fmt: skip
REDIRECTS = _columns("retired", "survivor")
LINKS = pa.schema(
    [
        *_columns("left_source", "left_id", "right_source", "right_id"),
        ("match_weight", pa.float64()),
        *_columns("judgement", "model_version", "decided_at", times=("decided_at",)),
        ("blocked", pa.bool_()),
    ]
)
VERDICTS = _columns("left_source", "left_id", "right_source", "right_id", "judgement")
EVENTS = _columns(
    "event_id", "type", "subject", "version", "time", "correlation_id", "body",
    times=("time",), numbers=("version",),
)  # fmt: skip
RECORD_NUMBERS = _columns("source", "source_record_id", "number", numbers=("number",))
FEATURE_TEXTS = _columns("number", "features", numbers=("number",))
FILED = _columns("block", "record", numbers=("block", "record"))
HELD = _columns("value", "record", "name", numbers=("value", "record", "name"))
GENERIC_VALUES = _columns("value", numbers=("value",))
MARKS = _columns("mark", numbers=("mark",))
QUARANTINED = _columns(
    "load_id", "file", "row", "column", "source", "source_record_id", "code", "message", "outcome", "raw",
    "status", "created_at",
    times=("created_at",), numbers=("row",),
)  # fmt: skip
