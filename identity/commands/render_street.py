"""The street of the demonstration for people: how two shoppers stand in the systems that follow, moment by moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity.commands.screen import say, screen, table

__all__ = ["street"]

Report = Mapping[str, Any]


def street(report: Report) -> None:
    """Print how two shoppers stood before, after a merge, and after it was taken back."""
    if "moments" in report:
        _moments(report)
    if report["missing"]:
        say(report["missing"])


def _moments(report: Report) -> None:
    there = any(one["reference"] for moment in report["moments"] for one in moment["shoppers"])
    rows = table(
        "", "loyalty member", "points", "golden id", *(("ERP account", "reference there") if there else ())
    )
    for moment in report["moments"]:
        for at, one in enumerate(moment["shoppers"]):
            points = f"{one['points']:,}" if one["now"] is None else f"→ {one['now']}"
            rows.row(
                moment["when"] if at == 0 else "",
                one["member"],
                points,
                one["golden_id"],
                *((one["account"], one["reference"] or "none") if there else ()),
            )
    screen.print(rows)
    sums = [sum(one["points"] for one in moment["shoppers"]) for moment in report["moments"]]
    kept = "conserved" if len(set(sums)) == 1 else "NOT conserved"
    say(f"points together: {', '.join(f'{told:,}' for told in sums)} ({kept})")
