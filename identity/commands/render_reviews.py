"""Review tasks and estimates for people: tables on standard output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from identity.commands.screen import escape, say, screen, table

__all__ = ["drawn", "estimated", "review", "reviews", "task"]

Report = Mapping[str, Any]


def reviews(report: Report) -> None:
    """Print what waits, the most pressing first."""
    if report["reviews"]:
        rows = [
            (each["task"], each["kind"], f"{each['priority']:.2f}", _bits(each), _about(each))
            for each in report["reviews"]
        ]
        _table(("task", "kind", "priority", "bits", "about"), rows)
    waiting = ", ".join(f"{count:,} {kind}" for kind, count in report["waiting"].items())
    say(f"open: {waiting or 'nothing'}; put off: {report['deferred']:,}")


def review(report: Report) -> None:
    """Print a task, its records side by side, and what can be done."""
    task(report)
    say(report["why"])
    for golden_id, keys in report["profiles"].items():
        say(f"{golden_id}: {escape(', '.join(keys)) or 'no records any more'}")
    records = report["records"]
    names = sorted({name for record in records for name in record["values"]})
    _table(
        ("", *(escape(record["record"]) for record in records)),
        [(name, *(record["values"].get(name, "") for record in records)) for name in names],
    )
    for way in report["ways"]:
        say(f"{way['if']}: `{escape(way['run'])}`")


def task(report: Report) -> None:
    """Print a task in a line."""
    until = f" until {report['deferred_until']}" if report["status"] == "deferred" else ""
    by = f" by {escape(report['closed_by'])}" if report["closed_by"] else ""
    say(
        f"[bold]{report['task']}[/], {report['kind']}, {report['status']}{until}{by}; "
        f"priority {report['priority']:.2f}, {_bits(report) or 'no'} bits"
    )


def drawn(report: Report) -> None:
    """Print what was drawn."""
    say(f"{report['drawn']:,} pairs drawn: `identity reviews --kind sample` lists them")
    _table(("stratum", "count"), [(name, str(count)) for name, count in report["strata"].items()])


def estimated(report: Report) -> None:
    """Print how right the links are, and what that does not tell."""
    if not report["labels"]:
        say("Nothing is labelled yet: `identity evaluate --sample 100` draws pairs.")
        return
    for name, what in (
        ("precision", "of the links inside profiles, are one person"),
        ("recall", "of the links between one person's records, are inside profiles"),
    ):
        say(f"{name} {_share(report[name])}: {what}")
    rows = [
        (each["name"], f"{each['pairs']:,}", f"{each['labelled']:,}", f"{each['same']:,}")
        for each in report["strata"]
    ]
    _table(("stratum", "rows", "labels", "yes"), rows)
    if report["set_aside"]:
        say(f"{report['set_aside']:,} labels set aside: their pair is linked otherwise now, or not at all")
    say("Pairs that were never linked are not in this: nobody has compared them, or they weigh too little.")


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    made = table(*columns)
    for row in rows:
        made.row(*row)
    screen.print(made)


def _share(found: Report) -> str:
    value = "not known yet" if found["value"] is None else f"{found['value']:.4f}"
    return f"[bold]{value}[/] ({found['lower']:.4f} to {found['upper']:.4f})"


def _bits(told: Report) -> str:
    return "" if told["match_weight"] is None else f"{told['match_weight']:+.1f}"


def _about(told: Report) -> str:
    details = told["details"]
    return " ".join(told["golden_ids"]) or f"{details.get('left', '')} {details.get('right', '')}"
