"""What whoever runs the service is told, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity.commands.screen import escape, say, screen, table

__all__ = ["alive", "backed_up", "partitioned", "restored", "verified"]

Report = Mapping[str, Any]


def alive(report: Report) -> None:
    say(f"{escape(report['place'])}: {'alive' if report['alive'] else 'no sign of life'}")


def verified(report: Report) -> None:
    shown = table("promise", "looked at", "broken", "")
    for each in report["invariants"]:
        shown.row(each["name"], f"{each['looked']:,}", f"{each['broken']:,}", each["promise"])
    screen.print(shown)
    for each in report["invariants"]:
        for case in each["cases"]:
            say(f"{each['name']}: {escape(case)}")
    broken = sum(1 for each in report["invariants"] if each["broken"])
    say(f"{broken} promises are broken." if broken else "Everything is as promised.")


def partitioned(report: Report) -> None:
    for name, rows in report["moved"].items():
        say(f"{escape(name)}: {rows:,} rows moved")
    into = report["partitions"]
    say(f"The tables are in {into} partitions." if into > 1 else "The tables are in one piece.")


def backed_up(report: Report) -> None:
    size = report["bytes"] / 2**20
    say(
        f"{escape(report['folder'])}: {report['records']:,} records, {report['profiles']:,} profiles, {size:,.1f} MB"
    )


def restored(report: Report) -> None:
    say(f"The database is that of {report['made_at']}: {report['records']:,} records.")
    say(
        f"{report['erased_again']:,} erased again, {report['carried_out_again']:,} restricted or released again,"
        f" {report['told_again']:,} consents told again, {report['decided_again']:,} decided again."
    )
    if report["listed_again"]:
        say(f"{report['listed_again']:,} requests are in the list again: see `identity privacy list`.")
    verified(report)
