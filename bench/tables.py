"""Results as tables that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from bench.capacity_tables import capacity_tables
from bench.events.tables import events_table
from bench.http.tables import http_table
from bench.online.tables import new_table, online_tables

__all__ = ["tables"]

_NAMES = {"identity": "identity", "splink": "Splink 5"}
_LOADING = "identity: file to stored profiles"


def tables(results: Mapping[str, Any]) -> Iterator[Table]:
    """Yield every table of `results`: accuracy, time and memory, stages, the machine."""
    populations = [*results.get("populations", ()), *results.get("labelled", ())]
    if populations:
        yield _accuracy(populations)
    if results.get("populations"):
        yield _cost(results["populations"])
        yield _stages(results["populations"])
    online = results.get("online", ())
    yield from online_tables(online, results.get("growth", ()))
    if any(database.get("http") for size in online for database in size["databases"]):
        yield http_table(online)
    if results.get("capacity"):
        yield from capacity_tables(results["capacity"])
    if results.get("events"):
        yield events_table(results["events"])
    if results.get("screen"):
        yield _screen(results["screen"])
    yield _machine(results["machine"])


def _screen(sizes: list[dict[str, Any]]) -> Table:
    names = ("stored", "database", "page")
    table = new_table(
        "Pages of the review screen, as the server takes them", names, ("open tasks", "p50 ms", "p95", "p99")
    )
    for size in sizes:
        if size["failure"]:
            table.add_row(size["name"], size["database"], size["failure"])
        for page in size["pages"]:
            figures = [f"{page[name]:.1f}" for name in ("p50_ms", "p95_ms", "p99_ms")]
            table.add_row(size["name"], size["version"], page["page"], f"{size['tasks']:,}", *figures)
    return table


def _accuracy(populations: list[dict[str, Any]]) -> Table:
    heads = ("P", "R", "F1", "B³", "largest (true)", "matches/record (true)")
    table = new_table("Accuracy, over all true pairs", ("population", "engine"), heads)
    for population in populations:
        if population.get("failure"):
            table.add_row(population["name"], population["failure"])
        for run in population["runs"]:
            table.add_row(population["name"], _named(_NAMES[run["engine"]], run), *_accurate(run))
    return table


def _accurate(run: Mapping[str, Any]) -> list[str]:
    found = run.get("accuracy")
    if not found:
        return []
    shares = [f"{found[name]:.4f}" for name in ("precision", "recall", "f1", "b_cubed_f1")]
    matches = f"{run['matches_per_record']:.3f} ({found['true_pairs'] / run['records']:.3f})"
    return [*shares, f"{found['largest_cluster']} ({found['largest_person']})", matches]


def _cost(populations: list[dict[str, Any]]) -> Table:
    heads = (
        "records",
        "pairs",
        "matching s",
        "all stages s",
        "process s",
        "µs/record",
        "peak MB",
        "× Splink",
    )
    table = new_table("Time and memory, each in a process of its own", ("population", "what"), heads)
    for population in populations:
        for run in population["runs"]:
            told = [] if run["failure"] else _spent(run)
            table.add_row(population["name"], _named(_matching(run), run), *told)
        if load := population.get("load"):
            told = [] if load["failure"] else _stored(load, population)
            table.add_row(population["name"], _named(_LOADING, load), *told, end_section=True)
    return table


def _spent(run: Mapping[str, Any]) -> list[str]:
    each = run["matching_seconds"] / run["records"] * 1e6
    return [
        f"{run['records']:,}",
        f"{run['candidate_pairs']:,}",
        f"{run['matching_seconds']:.1f}",
        f"{run['stage_seconds']:.1f}",
        f"{run['seconds']:.1f}",
        f"{each:.0f}",
        f"{run['peak_megabytes']:,.0f}",
        "",
    ]


def _stored(load: Mapping[str, Any], population: Mapping[str, Any]) -> list[str]:
    times = load["times_splink"]
    return [
        f"{population['records']:,}",
        "",
        "",
        f"{load['stage_seconds']:.1f}",
        f"{load['seconds']:.1f}",
        f"{load['microseconds_per_record']:.0f}",
        f"{load['peak_megabytes']:,.0f}",
        f"{times:.2f}" if times else "",
    ]


def _stages(populations: list[dict[str, Any]]) -> Table:
    table = new_table("Stages", ("population", "what", "stage"), ("s", "peak MB so far"))
    for population in populations:
        whats = [(_matching(run), run) for run in population["runs"]]
        for what, run in [*whats, (_LOADING, population.get("load") or {})]:
            for stage in run.get("stages", ()):
                peak = f"{stage['peak_megabytes']:,.0f}"
                table.add_row(population["name"], what, stage["name"], f"{stage['seconds']:.2f}", peak)
            table.add_section()
    return table


def _machine(found: Mapping[str, Any]) -> Table:
    table = new_table("Machine", ("", ""), ())
    table.add_row("processor", f"{found['processor']}, {found['cores']} cores")
    table.add_row("busy before", f"load average {found['busy_before']}")
    table.add_row("memory", f"{found['memory_gigabytes']} GB")
    table.add_row("system", f"{found['system']}, Python {found['python']}")
    table.add_row("packages", ", ".join(f"{name} {number}" for name, number in found["packages"].items()))
    return table


def _matching(run: Mapping[str, Any]) -> str:
    return f"{_NAMES[run['engine']]}: match"


def _named(name: str, run: Mapping[str, Any]) -> str:
    return f"{name} ({run['failure']})" if run["failure"] else name
