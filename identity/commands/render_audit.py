"""The audit trail, and keys, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity.commands.screen import escape, say, screen, table

__all__ = ["entries", "rotated", "verified"]

Report = Mapping[str, Any]


def verified(report: Report) -> None:
    counted = f"{report['entries']} entries, {report['anchors']} anchors"
    if report["whole"]:
        say(f"[bold]The trail is as it was written[/]: {counted}.")
        return
    say(f"[bold]The trail was tampered with[/]: {counted}.")
    for flaw in report["flaws"]:
        say(f"  {flaw['seq']}: {flaw['kind']}, {escape(flaw['message'])}")


def entries(report: Report) -> None:
    if not report["entries"]:
        say("There are no entries.")
        return
    shown = table("seq", "at", "who", "what", "about", "for", "details")
    for each in report["entries"]:
        told = " ".join(f"{name}={_spelled(value)}" for name, value in each["details"].items())
        what = (each["actor"], each["action"], each["subject"] or "", each["purpose"] or "")
        shown.row(str(each["seq"]), each["at"][:19], *what, told)
    screen.print(shown)


def rotated(report: Report) -> None:
    for table_, told in report["tables"].items():
        say(f"{table_}: {told['values']} values of {told['rows']} rows encrypted anew")
    say(f"Everything is under the key [bold]{escape(report['key'])}[/]; others are needed no more.")


def _spelled(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)
