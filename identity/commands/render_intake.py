"""What was taken of systems that are listened to, for people: lines and tables on standard output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity.commands.screen import escape, say, screen, table

__all__ = ["closed", "dropped", "polled", "watched", "wishes"]

Report = Mapping[str, Any]


def polled(report: Report) -> None:
    """Print what a round has found, or why it could not be made."""
    if "code" in report:
        say(f"{report['code']}: {escape(report['message'])}")
        return
    since = f"since {report['since']:%Y-%m-%d %H:%M:%S}" if report["since"] else "all there are"
    told = ", ".join(f"{count:,} {outcome}" for outcome, count in report["outcomes"].items() if count)
    say(f"{report['accounts']:,} accounts ({since}): {told or 'nothing'}")


def watched(report: Report) -> None:
    """Print what became of the files of a folder."""
    for file in report["files"]:
        dropped(file)
    if not report["files"]:
        say("No file was dropped.")


def dropped(file: Report) -> None:
    """Print what became of one file."""
    said = f"{escape(file['file'])}: {file['outcome']}"
    if "rows" in file:
        said += (
            f", {file['rows']:,} rows: {file['accepted']:,} accepted ({file['unchanged']:,} unchanged),"
            f" {file['quarantined']:,} quarantined, {file['rejected']:,} rejected"
        )
    if "code" in file:
        said += f", {file['code']}"
    say(said)


def wishes(report: Report) -> None:
    """Print what is to be seen to."""
    if not report["wishes"]:
        say("Nothing is to be seen to.")
        return
    rows = table("number", "what", "record", "source", "due", "closed")
    for wish in report["wishes"]:
        closed_at = f"{wish['closed_at']:%Y-%m-%d}" if wish["closed_at"] else ""
        rows.row(
            str(wish["number"]),
            wish["kind"],
            wish["record"] or "all",
            wish["source"],
            f"{wish['due_at']:%Y-%m-%d}",
            closed_at,
        )
    screen.print(rows)


def closed(report: Report) -> None:
    """Print that one was seen to, or that there was none."""
    say(f"{report['number']}: {'closed' if report['closed'] else 'none is open of this number'}")
