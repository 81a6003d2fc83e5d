"""Rows that were set aside, for people: tables and lines on standard output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity.commands.screen import escape, say, screen, table

__all__ = ["dropped", "listed", "mended", "redriven"]

Report = Mapping[str, Any]


def listed(report: Report) -> None:
    """Print what waits, and some rows of it."""
    if not report["waiting"]:
        say("Nothing waits in quarantine.")
        return
    counts = table("source", "code", "outcome", "rows")
    for each in report["waiting"]:
        counts.row(escape(each["source"] or "-"), each["code"], each["outcome"], str(each["rows"]))
    screen.print(counts)
    rows = table("number", "source", "code", "what is wrong", "what to do")
    for row in report["rows"]:
        rows.row(str(row["id"]), escape(row["source"]), row["code"], escape(row["message"]), row["fix"])
    screen.print(rows)
    if report["next"]:
        say(f"More: --after {report['next']}")


def mended(report: Report) -> None:
    """Print what came of a row."""
    if report["record"]:
        home = f", in {report['golden_id']}" if report["golden_id"] else ""
        say(f"{report['id']} is record {escape(report['record'])} now ({report['outcome']}){home}")
        return
    say(
        f"{report['id']} still cannot be taken. {report['code']}: {escape(report['message'])} {report['fix']}"
    )


def redriven(report: Report) -> None:
    """Print what came of many."""
    say(f"{report['tried']} tried: {report['mended']} taken, {report['failed']} not")
    if report["unreadable"]:
        say(f"{report['unreadable']} could not be split into columns: a person mends them")
    if report["held"]:
        say(f"{report['held']} are being mended by somebody")
    for code, count in report["codes"].items():
        say(f"  {code}: {count}")
    if report["next"]:
        say(f"{report['left']} more: --after {report['next']}")


def dropped(report: Report) -> None:
    """Print how many were given up."""
    say(f"{report['dropped']} dropped")
