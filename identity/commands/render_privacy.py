"""Privacy requests for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity.commands.screen import escape, say, screen, table

__all__ = ["exported_person", "released", "requested", "requests", "retained"]

Report = Mapping[str, Any]


def requested(report: Report) -> None:
    say(f"{report['kind']} of {escape(report['golden_id'])}: [bold]{report['status']}[/]")
    say(f"request {escape(report['request_id'])}, due {report['due_at'][:10]}")
    if report["report"]:
        done = report["report"]
        if report["kind"] == "rectification":
            say(f"put right: {', '.join(done['fields'])}")
            return
        if report["kind"] == "restriction":
            over = f" until {done['released_at'][:10]}" if "released_at" in done else ""
            say(f"{done['records']} records are kept and not used{over}")
            return
        say(f"{done['records']} records gone; answered 410 from now on: {', '.join(done['golden_ids'])}")
    for each in report["receipts"]:
        say(f"  {escape(each['consumer'])}: {each['status']} {escape(each['code'])}".rstrip())


def requests(report: Report) -> None:
    if not report["requests"]:
        say("Nothing waits.")
        return
    shown = table("request", "kind", "golden id", "status", "due", "by", "waits for")
    for each in report["requests"]:
        shown.row(
            each["request_id"],
            each["kind"],
            each["golden_id"],
            each["status"],
            each["due_at"][:10],
            each["actor"],
            ", ".join(each["waits_for"]),
        )
    screen.print(shown)


def exported_person(report: Report) -> None:
    say(f"{report['records']} records and {report['values']} values of {escape(report['golden_id'])} in")
    for file in report["files"]:
        say(f"  {escape(file)}")


def retained(report: Report) -> None:
    if not report["sources"]:
        say("No source says how long its records are kept: `retention` in its rules.")
        return
    word = "would go" if report["dry_run"] else "gone"
    for each in report["sources"]:
        say(
            f"{escape(each['source'])}: {each['records']} records {word}, not told of for {each['days']} days"
        )


def released(report: Report) -> None:
    if "records" in report:
        say(f"{report['records']} records are used again.")
        return
    say(f"{report['marks']} marks are gone: who left them may come back.")
