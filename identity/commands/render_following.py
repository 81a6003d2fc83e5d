"""Consumers and reconciliation for people: tables on standard output, progress on standard error."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import orjson

from identity.commands.screen import few, say, screen, table

__all__ = ["consumed", "consumers", "news", "news_line", "reconciled"]

Report = Mapping[str, Any]


def consumed(report: Report) -> None:
    """Print what came of everybody's turn."""
    made = table("name", "dealt with", "acted", "blocked", "held", "given up", "ended")
    for one in report["followed"]:
        numbers = (f"{one[name]:,}" for name in ("dealt", "acted", "blocked", "held", "dead"))
        made.row(one["name"], *numbers, one["why"])
    screen.print(made)


def consumers(report: Report) -> None:
    """Print who follows the log, and how far each came."""
    if not report["consumers"]:
        say("Nobody has followed the log yet: `identity consume` does.")
        return
    made = table("name", "position", "behind", "held", "given up", "blocked", "system", "last heard of")
    for one in report["consumers"]:
        numbers = (f"{one[name]:,}" for name in ("position", "lag", "held", "dead_letters", "blocked"))
        made.row(one["name"], *numbers, _state(one), _heard(one))
    screen.print(made)


def _state(one: Report) -> str:
    until = f" until {one['retry_at'][:19]}" if one["breaker"] == "open" else ""
    return {"closed": "answers", "open": "left alone", "probing": "tried"}[one["breaker"]] + until


def _heard(one: Report) -> str:
    return "never" if one["silent_seconds"] is None else f"{one['silent_seconds']:,} s ago"


def reconciled(report: Report) -> None:
    """Print how a system differs from the master."""
    say(f"{report['accounts']:,} accounts at {report['system']}, {report['profiles']:,} profiles here")
    if repair := report["repair"]:
        say(f"{repair['followed']:,} profiles followed once more; {repair['why']}")
    if not report["drift"]:
        say("They agree.")
        return
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in report["kinds"].items())
    say(f"{kinds}; {report['known']:,} of them wait for somebody already")
    made = table("difference", "accounts", "profiles", "waits")
    for one in report["drift"]:
        made.row(one["kind"], few(one["accounts"], 4), few(one["golden_ids"]), "yes" if one["known"] else "")
    screen.print(made)


def news(report: Report) -> None:
    """Print on standard error how a consumer stands, or that its turn ended."""
    print(_line(report), file=sys.stderr, flush=True)


def _line(report: Report) -> str:
    if "why" in report:
        return f"{report['name'] or 'everybody'}: {report['why']}"
    numbers = ", ".join(
        f"{report[name]:,} {word}"
        for name, word in (
            ("lag", "behind"),
            ("held", "held"),
            ("dead_letters", "given up"),
            ("blocked", "blocked"),
        )
    )
    return f"{report['name']}: at {report['position']:,}, {numbers}; the system {_state(report)}"


def news_line(report: Report) -> None:
    """Print the same as a line of JSON, on standard output."""
    print(orjson.dumps(report).decode(), flush=True)
