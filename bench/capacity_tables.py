"""Figures of capacity as tables that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from bench.online.tables import new_table

__all__ = ["capacity_tables"]


def capacity_tables(found: Mapping[str, Any]) -> Iterator[Table]:
    """Yield what was measured, what that comes to at larger sizes, and what becomes of hubs."""
    sizes = [point["size"] for point in found["points"]]
    targets = list(found["curves"][0]["at"])
    heads = (*sizes, "a record", *(f"{int(target) // 1_000_000:,}M" for target in targets))
    table = new_table("Cost by size (right: a line through it, not measured)", ("figure",), heads)
    for curve in found["curves"]:
        measured = [f"{point[curve['figure']]:,.6g}" for point in found["points"]]
        table.add_row(
            curve["figure"].replace("_", " "), *measured, f"{curve['per_record']:.3g}",
            *(f"{each:,.3g}" for each in curve["at"].values()),
        )  # fmt: skip
    yield table
    hubs = found["hubs"]
    heads = ("cap", "blocks over it", "records in one", "pairs a record", "largest block")
    table = new_table(f"Keys at {hubs['records']:,} records (simulated)", ("key",), heads)
    for key in hubs["keys"]:
        table.add_row(
            key["key"], f"{key['cap']}", f"{key['over_cap']:,.0f}", f"{key['records_over_cap']:.1%}",
            f"{key['pairs_per_record']:.2f}", f"{key['largest']:,.0f}",
        )  # fmt: skip
    yield table
    table = new_table("Claims on phones (simulated)", ("writes/s",), ("waits a record", "busiest key held"))
    for each in hubs["contention"]:
        table.add_row(
            f"{each['writes_per_second']:,}", f"{each['waits_per_record']:.2e}", f"{each['busiest_key']:.1%}"
        )
    yield table
