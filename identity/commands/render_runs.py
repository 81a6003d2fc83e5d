"""Re-matches and models for people: tables on standard output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from identity.commands.render import stages
from identity.commands.screen import escape, say, screen, table

__all__ = ["kept", "models", "models_compared", "run", "runs"]

Report = Mapping[str, Any]

_SAID = {
    "applied": "carried out",
    "dry": "nothing was changed: a dry run",
    "waiting": "[bold]waits for a person[/]: nothing was changed",
    "stopped": "[bold]stopped[/]: more changed than was proposed; the rest waits to be decided again",
    "rejected": "put aside",
    "running": "running",
    "interrupted": "interrupted",
    "failed": "failed",
}


def run(report: Report) -> None:
    """Print one re-match: what became of it, what it changes, which limits it breaks."""
    say(f"re-match [bold]{report['run_id']}[/] ({report['kind']}): {_SAID[report['status']]}")
    if "profiles" in report:
        say(
            f"{report['records']:,} records looked at; of {report['profiles']:,} profiles"
            f" {report['profiles_changed']:,} gain or lose records ({report['records_moved']:,} of them):"
            f" {report['merged']:,} merged into another, {report['split']:,} split, {report['created']:,} new"
        )
    if report.get("model_version"):
        trained = ", trained on these records just now" if report.get("trained_now") else ""
        say(f"model {report['model_version']}{trained}")
    for breach in report.get("breaches", ()):
        say(f"over the limit: {breach['limit']} {breach['measured']:,} (allowed {breach['allowed']:,})")
    _proposed(report)
    if report["status"] == "waiting":
        say(f"`identity runs approve {report['run_id']}` carries it out, `… reject` puts it aside")
    stages(report.get("stages", ()))


def _proposed(report: Report) -> None:
    moves = report.get("proposed", report.get("sample", ()))
    if moves:
        rows = [
            (f"{m['source']}:{m['source_record_id']}", m["came_from"] or "", m["golden_id"] or "")
            for m in moves
        ]
        _show(table("record", "from", "to"), rows)


def runs(report: Report) -> None:
    """Print the latest re-matches."""
    rows = [
        (
            each["run_id"],
            str(each["started_at"])[:19],
            each["kind"],
            each["status"],
            f"{each.get('profiles_changed', 0):,}",
            each["model_version"] or "",
            each["decided_by"] or "",
        )
        for each in report["runs"]
    ]
    if not rows:
        say("There was no re-match yet: `identity rematch`")
        return
    _show(table("run", "began", "kind", "status", "profiles changed", "model", "decided by"), rows)


def kept(report: Report) -> None:
    """Print what became of a model trained on the database."""
    say(f"model [bold]{report['model']}[/], trained on {report['records']:,} records, is a candidate")
    say(f"`identity model promote {report['model']} --dry-run` says what it would change")


def models(report: Report) -> None:
    """Print the models that there are, and when which came into force."""
    rows = [
        (each["version"], "in force" if each["active"] else "", str(each["created_at"])[:19])
        for each in report["models"]
    ]
    _show(table("model", "", "made"), rows)
    for each in report["history"]:
        say(f"{str(each['at'])[:19]} {each['version']} came into force ({each['actor']}) {each['reason']}")


def models_compared(report: Report) -> None:
    """Print how two models part the same records."""
    first, second = report["first"], report["second"]
    names = {"clusters": "people", "links": "links", "largest": "largest", "kept": "decisions kept"}
    rows = [(told, f"{first[name]:,}", f"{second[name]:,}") for name, told in names.items()]
    _show(table("", first["version"], second["version"]), rows)
    say(f"of {first['verdicts']:,} decisions of people that are about records which are there")
    say(
        f"{report['unchanged']:,} people unchanged, {report['merged']:,} merged, {report['split']:,} split,"
        f" {report['overlapping']:,} both; {report['pairs_in_first_only']:,} pairs parted,"
        f" {report['pairs_in_second_only']:,} joined, {report['pairs_in_both']:,} as they were"
    )
    if report["examples"]:
        say(f"for example {', '.join(report['examples'][:5])}")
    stages(report["stages"])


def _show(empty: Table, rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        empty.add_row(*map(escape, row))
    screen.print(empty)
