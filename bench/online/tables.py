"""Figures of the real-time part as tables that people read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.table import Table

__all__ = ["new_table", "online_tables"]

_PERCENTILES = ("p50_ms", "p95_ms", "p99_ms")
_SMALL = 1.0
"""Tables of less than so many bytes per record are not shown."""

Size = Mapping[str, Any]


def online_tables(sizes: Iterable[Size], growths: Iterable[Mapping[str, Any]]) -> Iterator[Table]:
    """Yield writes, re-matches, reads, storage and growth."""
    sizes, growths = list(sizes), list(growths)
    if sizes:
        yield _writes(sizes)
        yield _nights(sizes)
        yield _reads(sizes)
        yield _storage(sizes)
    if growths:
        yield _growth(growths)


def _writes(sizes: list[Size]) -> Table:
    table = new_table(
        "Records resolved as they are written, redo included",
        ("stored", "database", "writers", "at once"),
        ("records/s", "p50 ms/call", "p95", "p99", "matched", "tried again", "queued", "left"),
    )
    for size, database in _databases(sizes):
        for phase in database.get("writes", ()):
            names = (size["name"], database["version"], str(phase["writers"]), str(phase["at_once"]))
            table.add_row(*_failed(names, phase), *(_written(phase) if phase["calls"] else ()))
        _close(table, size, database)
    return table


def _written(phase: Mapping[str, Any]) -> list[str]:
    matched = phase["met"].get("judged match", 0)
    return [
        f"{phase['per_second']:,.0f}",
        *_milliseconds(phase),
        f"{matched / phase['records']:.0%}",
        str(phase["overtaken"]),
        str(phase["queued"]),
        str(phase["left"]),
    ]


def _nights(sizes: list[Size]) -> Table:
    table = new_table(
        "Re-matches, of what is unchanged and of a day's changes",
        ("stored", "database", "re-match", "outcome"),
        ("records looked at", "s", "ids changed", "× everybody"),
    )
    for size, database in _databases(sizes):
        found = database.get("nights") or {"failure": ""}
        if found["failure"]:
            table.add_row(size["name"], database["version"], f"({found['failure']})")
        for kind in ("full", "incremental") if "full" in found else ():
            table.add_row(size["name"], database["version"], kind, *_night(found, kind))
        _close(table, size, database)
    return table


def _night(found: Mapping[str, Any], kind: str) -> list[str]:
    run = found[kind]
    share = run["seconds"] / found["full"]["seconds"]
    return [
        run["status"], f"{run['records']:,}", f"{run['seconds']:.1f}", f"{run['profiles_changed']:,}", f"{share:.3f}",
    ]  # fmt: skip


def _reads(sizes: list[Size]) -> Table:
    table = new_table(
        "Questions, nothing written",
        ("stored", "who answers", "what", "processes", "at once"),
        ("p50 ms/call", "p95", "p99", "answers/s"),
    )
    for size in sizes:
        for _, database in _databases([size]):
            for phase in (*database.get("match", ()), *database.get("lookups", ())):
                _read(table, size, database["version"], phase)
            _close(table, size, database)
        for phase in size["peer"].get("phases", ()):
            _read(table, size, "Splink 5", phase)
        if size["peer"].get("failure"):
            table.add_row(size["name"], f"Splink 5 ({size['peer']['failure']})")
        table.add_section()
    return table


def _read(table: Table, size: Size, who: str, phase: Mapping[str, Any]) -> None:
    names = _failed((size["name"], who, phase["what"], str(phase["processes"]), str(phase["at_once"])), phase)
    told = [*_milliseconds(phase), f"{phase['per_second']:,.0f}"] if phase["calls"] else []
    table.add_row(*names, *told)


def _storage(sizes: list[Size]) -> Table:
    table = new_table(
        "Bytes per record", ("stored", "database", "table"), ("rows", "table", "indexes", "together")
    )
    for size, database in _databases(sizes):
        stored = database.get("storage")
        for each in stored["tables"] if stored else ():
            if each["bytes_per_record"] >= _SMALL:
                parts = (each[part] / size["records"] for part in ("content", "indexes"))
                figures = (*(f"{part:,.0f}" for part in parts), f"{each['bytes_per_record']:,.0f}")
                table.add_row(size["name"], database["version"], each["table"], f"{each['rows']:,}", *figures)
        if stored:
            whole = f"{stored['bytes_per_record']:,.0f}"
            table.add_row(
                size["name"], database["version"], "everything", f"{size['records']:,} records", "", "", whole
            )
        _close(table, size, database)
    return table


def _growth(growths: list[Mapping[str, Any]]) -> Table:
    table = new_table("Times as long", ("database", "what", "from", "to"), ("×",))
    for each in growths:
        times = f"{each['times']:.2f}"
        table.add_row(each["database"], each["what"], each["from"], each["to"], times)
    return table


def _databases(sizes: Iterable[Size]) -> Iterator[tuple[Size, Mapping[str, Any]]]:
    for size in sizes:
        if size.get("failure"):
            yield size, {"version": "", "database": "", "failure": size["failure"]}
        for database in size["databases"]:
            yield size, {"version": database["database"], **database}


def _close(table: Table, size: Size, database: Mapping[str, Any]) -> None:
    if database.get("failure"):
        table.add_row(size["name"], f"{database['version']} ({database['failure']})")
    table.add_section()


def _failed(names: tuple[str, ...], phase: Mapping[str, Any]) -> tuple[str, ...]:
    return (*names[:-1], f"{names[-1]} ({phase['failure']})") if phase["failure"] else names


def _milliseconds(phase: Mapping[str, Any]) -> list[str]:
    return [f"{phase[name]:,.2f}" for name in _PERCENTILES]


def new_table(title: str, texts: tuple[str, ...], numbers: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    for head in texts:
        table.add_column(head)
    for head in numbers:
        table.add_column(head, justify="right", no_wrap=True)
    return table
