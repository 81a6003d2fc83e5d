"""What a soak came to: one document, and the same as a table."""

from __future__ import annotations

from typing import Any

from .ledger import Ledger

__all__ = ["shown", "told"]


def told(ledger: Ledger, drain: float, seed: int, minutes: float, restarts: dict[str, int]) -> dict[str, Any]:
    return {
        "seed": seed,
        "minutes": minutes,
        "operations": dict(sorted(ledger.done.items())),
        "tried_again": dict(sorted(ledger.retried.items())),
        "faults": dict(sorted(ledger.faults.items())),
        "restarts": dict(sorted(restarts.items())),
        "people": len(ledger.people),
        "erased": sum(each.erased for each in ledger.people),
        "drain_seconds": round(drain, 1),
        "violations": ledger.violations,
    }


def shown(report: dict[str, Any]) -> str:
    lines = [f"seed {report['seed']}, {report['minutes']:g} minutes"]
    for title in ("operations", "tried_again", "faults", "restarts"):
        lines += ["", title.replace("_", " ")]
        lines += [f"  {name:<34}{count:>8}" for name, count in report[title].items()]
    lines += ["", f"people {report['people']}, erased {report['erased']}"]
    lines += [f"drained {report['drain_seconds']:g} s after the last fault"]
    lines += [
        f"violations: {len(report['violations'])}",
        *(f"  {each}" for each in report["violations"][:40]),
    ]
    return "\n".join(lines)
