"""Reports for people: tables on standard output."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from identity.commands.render_street import street
from identity.commands.screen import escape
from identity.commands.screen import few as _few
from identity.commands.screen import say as _say
from identity.commands.screen import screen as _console
from identity.commands.screen import table as _table

__all__ = [
    "alike",
    "answers",
    "demo",
    "drained",
    "events",
    "explanation",
    "exported",
    "ingested",
    "loaded",
    "migrated",
    "profile",
    "progress",
    "rematched",
    "resolved",
    "rules",
    "sampled",
    "stages",
    "trained",
    "waiting",
    "written",
]

Report = Mapping[str, Any]


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show each stage as it begins, on standard error."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("starting", total=None)
        yield lambda name: shown.update(task, description=name)


def resolved(report: Report) -> None:
    """Print the report of `identity resolve`."""
    _files(report["files"])
    _say(f"{report['records']:,} records → [bold]{report['profiles']:,} golden profiles[/]")
    _say(
        f"{report['candidate_pairs']:,} pairs compared, {report['links']:,} links, "
        f"{report['possible_matches']:,} for a person to look at"
    )
    _generic(report["generic_values"])
    _model(report)
    if accuracy := report.get("accuracy"):
        _accuracy(accuracy)
    _stages(report["stages"])
    _say(
        f"Results are in {report['out']}: crosswalk, golden, links, quarantine, warnings (Parquet), report.json"
    )


def loaded(report: Report) -> None:
    """Print the report of `identity load`."""
    _files(report["files"])
    rematched(report)


def exported(report: Mapping[str, Any]) -> None:
    withheld = f"; {report['withheld']:,} are not to be read for it" if report["withheld"] else ""
    _say(f"{report['profiles']:,} golden profiles in {escape(report['file'])}{withheld}")


def ingested(report: Report) -> None:
    """Print the report of `identity ingest`."""
    _files(report["files"])
    outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in report["outcomes"].items())
    _say(f"{outcomes or 'nothing to write'}; [bold]{report['records_per_second']:,.0f} records/s[/]")
    _say(f"{report['joined']:,} joined a profile that was there, {report['started']:,} started one")
    _queued(report)
    _stages(report["stages"])


def waiting(report: Report) -> None:
    """Print what waits to be decided again."""
    if not report["waiting"]:
        _say("Nothing waits to be decided again.")
        return
    table = _table("kind", "reason", "count", "oldest")
    for found in report["waiting"]:
        age = found["oldest_seconds"]
        table.row(
            found["kind"], found["reason"], f"{found['count']:,}", "later" if age is None else _age(age)
        )
    _console.print(table)
    _queued(report)


def drained(report: Report) -> None:
    """Print how much was decided again."""
    _say(f"[bold]{report['decided']:,}[/] decided again in {report['seconds']:.1f} s")
    waiting(report)


def rematched(report: Report) -> None:
    """Print what a re-match changed."""
    _say(f"{report['records']:,} records in [bold]{report['profiles']:,} golden profiles[/]")
    _say(
        f"{report['created']:,} new, {report['updated']:,} changed, {report['merged']:,} merged into another, "
        f"{report['split']:,} split; {report['records_moved']:,} records moved"
    )
    if report["model_version"]:
        _model({"model": report["model_version"], "trained_now": report["trained_now"]})
    _stages(report["stages"])


def profile(report: Report) -> None:
    """Print a golden profile."""
    redirected = f", where {report['redirected_from']} lives on" if report["redirected_from"] else ""
    _say(f"[bold]{report['golden_id']}[/], version {report['version']}, {report['status']}{redirected}")
    if report["restricted"]:
        _say("What there is of this person is kept, and not used: they asked for that.")
    table = _table("attribute", "value", "from", "because")
    for name, found in report["values"].items():
        table.row(name, found["value"], found["record"], found["rule"])
    _console.print(table)
    consents = ", ".join(f"{name} {status}" for name, status in report["consents"].items())
    _say(f"consents: {consents or 'none known'}")
    _say(f"records: {escape(', '.join(report['records']))}")


def answers(report: Report) -> None:
    """Print who answers to each question."""
    then = "as_of" in report
    if then:
        _say(f"as of {report['as_of']}")
    table = _table("asked", "golden id", "status", *(["records then"] if then else []))
    for answer in report["answers"]:
        status = _STATUS.get(answer["status"], answer["status"])
        if answer["status"] == "unknown" and then:
            status = "not known yet"
        status += ", where the one asked for lives on" if answer["redirected"] else ""
        records = [_few(answer["records"])] if then else []
        table.row(answer["asked"], ", ".join(answer["golden_ids"]) or "—", status, *records)
    _console.print(table)


_STATUS = {
    "empty": "empty: its records were all taken out",
    "shared": "shared by too many to be anybody's",
}


def alike(report: Report) -> None:
    """Print the likest records, and the waterfall of the first."""
    if report["shared"]:
        _say(f"counts for nothing, as too many share it: {', '.join(report['shared'])}")
    if not report["alike"]:
        _say("Nobody like this is known.")
        return
    table = _table("record", "golden id", "bits", "judgement")
    for found in report["alike"]:
        table.row(
            found["record"], found["golden_id"] or "—", f"{found['match_weight']:+.1f}", found["judgement"]
        )
    _console.print(table)
    _console.print()
    explanation(report["best"])


def explanation(report: Report) -> None:
    """Print a waterfall from the prior to the match weight."""
    left, right = escape(report["left"] or "What was asked"), escape(report["right"])
    _say(
        f"{left} and {right}: [bold]{report['judgement']}[/], match weight {report['match_weight']:+.1f} bits"
    )
    table = _table("comparison", "left", "right", "level", "bits", "so far")
    total = 0.0
    for step in report["contributions"]:
        total += step["match_weight"]
        left, right = (" · ".join(filter(None, side.values())).replace("|", " ") for side in step["values"])
        table.row(
            step["comparison"], left, right, step["level"], f"{step['match_weight']:+.1f}", f"{total:+.1f}"
        )
    _console.print(table)


def events(report: Report) -> None:
    """Print events, oldest first."""
    table = _table("position", "type", "subject", "version", "records gained", "retired")
    for event in report["events"]:
        facts = event["data"]
        gained, retired = facts.get("records_gained", []), facts.get("retired", [])
        table.row(
            str(event["position"]),
            event["type"],
            event["subject"],
            str(event["version"]),
            _few(gained),
            _few(retired),
        )
    _console.print(table)


def trained(report: Report) -> None:
    """Print what was learnt."""
    _say(
        f"model [bold]{report['model']}[/] from {report['records']:,} records, "
        f"{report['matches_per_record']:.2f} matches a record"
    )
    _say(f"compares {', '.join(report['comparisons'])}")
    _say(f"written to {report['file']}")


def rules(report: Report) -> None:
    """Print what the rules say."""
    _say(f"The rules in {report['rules']} are valid.")
    _say(
        f"compares {', '.join(report['comparisons'])}; "
        f"{report['blocking_keys']} blocking keys, {report['nicknames']:,} nicknames"
    )
    _say(
        f"match from {report['thresholds']['match']:+g} bits, review from {report['thresholds']['review']:+g}"
    )
    table = _table("source", "mode", "trust")
    for name, source in report["sources"].items():
        table.row(name, source["mode"], str(source["trust"]))
    _console.print(table)


def migrated(report: Report) -> None:
    """Print that the database is current."""
    _say(f"{report['database']} is current.")


def written(report: Report) -> None:
    """Print where a file went."""
    _say(f"model {report['model']} written to {report['file']}")


def sampled(report: Report) -> None:
    """Print what `identity sample` wrote."""
    _say(f"{report['people']:,} people, {sum(report['records'].values()):,} records")
    for file in report["files"]:
        _say(f"  {file}")


def demo(report: Report) -> None:
    """Print the demonstration, chapter by chapter."""
    for number, day in enumerate(report["days"], 1):
        _heading(f"Day {number}: {', '.join(file['source'] for file in day['files'])}")
        loaded({**day, "stages": []})
    _heading("One golden profile, with the source of each value")
    profile(report["profile"])
    _heading("Why two of its records matched")
    explanation(report["explanation"])
    _heading("The first events, and the first merge")
    events(report["events"])
    _heading("Two shoppers become one, and come apart again: in the systems that follow, too")
    street(report["street"])
    accuracy = report["accuracy"]
    _heading("How right it was")
    _accuracy(accuracy)
    _heading("What to try next")
    for line in report["next"]:
        _say(f"  {line}")


def _files(files: Sequence[Report]) -> None:
    table = _table("source", "file", "rows", "accepted", "quarantined", "rejected", "why")
    for file in files:
        counted = [f"{file[name]:,}" for name in ("rows", "accepted", "quarantined", "rejected")]
        codes = file.get("codes") or {}
        why = ", ".join(f"{code} × {count}" for code, count in sorted(codes.items()))
        table.row(file["source"], file["file"], *counted, why)
    _console.print(table)


def _generic(generic: Mapping[str, int]) -> None:
    if generic:
        told = ", ".join(f"{count} of {name}" for name, count in generic.items())
        _say(f"generic values left out of matching (shared by too many people): {told}")


def _model(report: Report) -> None:
    trained_now = ", trained on these records just now" if report["trained_now"] else ""
    _say(f"model {report['model']}{trained_now}")


def _accuracy(accuracy: Report) -> None:
    _say(
        f"against the truth: precision {accuracy['precision']:.4f}, recall {accuracy['recall']:.4f}, "
        f"[bold]F1 {accuracy['f1']:.4f}[/] over {accuracy['true_pairs']:,} true pairs; "
        f"B³ F1 {accuracy['b_cubed_f1']:.4f}; largest cluster {accuracy['largest_cluster']}, "
        f"largest person {accuracy['largest_person']}"
    )


def stages(passed: Sequence[Report]) -> None:
    """Print what each stage took."""
    _stages(passed)


def _stages(stages: Sequence[Report]) -> None:
    if stages:
        total = sum(stage["seconds"] for stage in stages)
        told = ", ".join(
            f"{stage['name']} {stage['seconds']:.1f}" for stage in stages if stage["seconds"] >= 0.05
        )
        peak = max(stage["peak_megabytes"] for stage in stages)
        _say(f"[dim]{total:.1f} s ({told}); peak memory {peak:,.0f} MB[/]")


def _queued(report: Report) -> None:
    if report["queued"]:
        _say(f"{report['queued']:,} to be decided again: `identity redo --drain`")


def _age(seconds: float) -> str:
    """Return an age as people tell it: 12 s, 5 min, 3 h, 2 d."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _heading(text: str) -> None:
    _console.print()
    _console.rule(f"[bold]{text}[/]", align="left")
