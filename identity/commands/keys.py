"""What `identity keys` does: every encrypted value under the current key."""

from __future__ import annotations

from typing import Any

from identity.bootstrap import Service
from identity.engines.stages import Stages
from identity.model.errors import RulesError

__all__ = ["rotate_report"]


def rotate_report(service: Service, stages: Stages) -> dict[str, Any]:
    """Encrypt anew whatever is plain or under another key; return the values of each table that were."""
    if not service.settings.field_keys:
        raise RulesError(
            "E119", "There are no IDENTITY_FIELD_KEYS.", "Give a line with an id and a key in base64."
        )
    current, tables = next(iter(service.settings.field_keys)), dict[str, dict[str, int]]()
    with stages.stage("rotate"):
        for rotated in service.store.rotate():
            told = tables.setdefault(rotated.table, {"rows": 0, "values": 0})
            told["rows"] = max(told["rows"], rotated.rows)
            told["values"] += rotated.values
            stages.reached(rotated.table, rotated.rows, rotated.of)
    return {"key": current, "tables": tables}
