"""Figures of the HTTP part as a table that people read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table

from bench.online.tables import new_table

__all__ = ["http_table"]

_BARE = "record key (bare route)"


def http_table(sizes: Iterable[Mapping[str, Any]]) -> Table:
    """Return calls over HTTP beside bare routes on the same database; × is the share of the bare key route's rate."""
    table = new_table(
        "Over HTTP, on 127.0.0.1, under load from wrk",
        ("stored", "database", "what", "workers", "connections"),
        ("p50 ms/call", "p95", "p99", "answers/s", "× bare key", "refused"),
    )
    for size in sizes:
        for database in size["databases"]:
            http = database.get("http") or {"phases": (), "failure": ""}
            bare = {_place(phase): phase for phase in http["phases"] if phase["what"] == _BARE}
            for phase in http["phases"]:
                ceiling = bare.get(_place(phase))
                share = (
                    phase["per_second"] / ceiling["per_second"] if ceiling and phase["each"] == 1 else None
                )
                table.add_row(
                    size["name"], database["version"], phase["what"], *map(str, _place(phase)),
                    *(f"{phase[name]:,.2f}" for name in ("p50_ms", "p95_ms", "p99_ms")),
                    f"{phase['per_second']:,.0f}", f"{share:.2f}" if share else "",
                    str(phase["refused"] + phase["broken"]),
                )  # fmt: skip
            if http["failure"]:
                table.add_row(size["name"], database["version"], f"({http['failure']})")
            table.add_section()
    return table


def _place(phase: Mapping[str, Any]) -> tuple[int, int]:
    return phase["workers"], phase["connections"]
