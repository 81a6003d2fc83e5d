"""Figures of events as a table that people read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table

from bench.online.tables import new_table

__all__ = ["events_table"]


def events_table(found: Iterable[Mapping[str, Any]]) -> Table:
    """Return events a second, and milliseconds from a commit to what a consumer does about it."""
    table = new_table(
        "Events, from commit to effect", ("database",),
        ("to the stream/s", "to a consumer/s", "p50 ms, commit to effect", "p99", "events"),
    )  # fmt: skip
    for each in found:
        if each["failure"]:
            table.add_row(f"{each['database']} ({each['failure']})")
            continue
        table.add_row(
            each["version"], f"{each['relayed_per_second']:,.0f}", f"{each['followed_per_second']:,.0f}",
            f"{each['p50_ms']:,.1f}", f"{each['p99_ms']:,.1f}", f"{each['events']:,}",
        )  # fmt: skip
    return table
