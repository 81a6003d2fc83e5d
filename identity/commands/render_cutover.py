"""Going live and back for people: lines and tables on standard output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from identity.commands.render import stages
from identity.commands.screen import escape, few, say, screen, table

__all__ = ["compared", "imported", "status", "went_back", "went_live"]

Report = Mapping[str, Any]


def compared(report: Report) -> None:
    """Print how an earlier master's crosswalk and ours agree, and what going live would change."""
    say(f"{report['shadow_records']:,} records in shadow mode taken as if they were live")
    if not report["found"]:
        say("there are no records to compare")
        return
    say(
        f"[bold]{report['records']:,}[/] records known to both; {report['ours_alone']:,} to us alone,"
        f" {report['theirs_alone']:,} to them alone"
    )
    say(
        f"pairs together in both {report['pairs_together']:,}, in ours alone {report['pairs_ours_alone']:,}, in theirs"
        f" alone {report['pairs_theirs_alone']:,}: {report['pairs_kept']:.2%} of theirs are kept,"
        f" {report['pairs_backed']:.2%} of ours are backed; B³ {report['b_cubed']:.4f}"
    )
    say(
        f"{report['clusters_alike']:,} clusters are the same; {report['joined']:,} of our profiles join several of"
        f" their ids, {report['split']:,} of their ids are split"
    )
    _torn("joined: golden id", report["joined_sample"], "golden_id")
    _torn("split: their id", report["split_sample"], "master_id")
    for name in ("source", "country"):
        _by(name, report[f"by_{name}"])
    change = report["go_live"]
    say(
        f"going live: {change['created']:,} new profiles, {change['updated']:,} changed, {change['merged']:,} merged"
        f" away (redirects), {change['split']:,} split; {change['records_moved']:,} live records get another golden id"
    )
    if report["differences"]:
        say(f"every record in other company: {escape(report['differences'])}")
    stages(report.get("stages", ()))


def _torn(name: str, rows: Sequence[Report], key: str) -> None:
    if rows:
        shown = table(name, "count", "with")
        for row in rows:
            shown.row(row[key], f"{row['records']:,}", few(row["others"]))
        screen.print(shown)


def _by(name: str, rows: Sequence[Report]) -> None:
    shown = table(name, "number", "alike")
    for row in rows:
        shown.row(row[name] or "(none)", f"{row['records']:,}", f"{row['alike'] / row['records']:.2%}")
    screen.print(shown)


def imported(report: Report) -> None:
    """Print how many of an earlier master's ids are known now."""
    say(f"{report['ids']:,} ids of {escape(report['system'])} lead to {report['records']:,} records")


def status(report: Report) -> None:
    """Print what waits in shadow mode, and every cutover."""
    for source, count in report["waiting"].items():
        say(f"{escape(source)}: {count:,} records wait in shadow mode")
    shown = table("cutover", "source", "country", "status", "since", "by")
    for each in report["cutovers"]:
        began = f"{each['started_at']:%Y-%m-%d %H:%M}"
        shown.row(
            each["cutover_id"], each["source"], each["country"] or "all", each["status"], began, each["actor"]
        )
    screen.print(shown)


def went_live(report: Report) -> None:
    """Print what went live, or would."""
    what = f"{escape(report['source'])} ({escape(report['country']) or 'all countries'})"
    if report["dry"]:
        say(f"{what}: {report['records']:,} records would go live; nothing was changed")
        return
    say(f"{what} is live: {report['records']:,} records turned just now (cutover {report['cutover_id']})")
    if report["refused"]:
        say(f"{report['refused']:,} are of people who were erased, and stay in shadow mode")


def went_back(report: Report) -> None:
    """Print what was taken back."""
    if not report["found"]:
        say(f"nothing of {escape(report['source'])} went live")
    for each in report["cutovers"]:
        say(
            f"{escape(each['source'])} ({escape(each['country']) or 'all countries'}):"
            f" {each['records']:,} records are in shadow mode again (cutover {each['cutover_id']})"
        )
