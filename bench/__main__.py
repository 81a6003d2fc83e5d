"""`python -m bench`: run the benchmark, print it, and keep it in bench/results/latest.json."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.capacity import PEOPLE, measured_capacity
from bench.events.measure import measured_events
from bench.machine import machine
from bench.measure import SIZES, labelled_sets, measured_labelled, measured_population
from bench.online.databases import DATABASES
from bench.online.measure import STEPS, growth, measured_online
from bench.processes import ROOT
from bench.screen import measured_screen
from bench.tables import tables

__all__ = ["main"]

_PARTS = ("batch", "online", "http", "events", "screen", "capacity")
_LATEST = ROOT / "bench" / "results" / "latest.json"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the sizes asked for in whole populations (batch) and record by record (online), beside plain
    Splink; and how long the review screen takes (screen).

    Batch also measures the labelled sets, whose absence is no fault.
    """
    asked = _parser().parse_args(arguments)
    results = _measured(asked)
    _LATEST.parent.mkdir(exist_ok=True)
    _LATEST.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if asked.json:
        print(json.dumps(results, indent=2))
        return
    console = Console(width=None if sys.stdout.isatty() else 140)
    for table in tables(results):
        console.print(table)
        console.print()
    console.print(f"Kept in {_LATEST.relative_to(ROOT)}.")


def _measured(asked: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    if "batch" in asked.part:
        sizes = ["20k"] if asked.quick else asked.sizes
        found["populations"] = [measured_population(size, _told) for size in sizes]
        found["labelled"] = [measured_labelled(file, _told) for file in labelled_sets()]
    if "capacity" in asked.part:
        curve = ["2k", "10k"] if asked.quick else asked.curve
        found["capacity"] = measured_capacity(curve, _told)
    if "events" in asked.part:
        found["events"] = measured_events(asked.databases, _told)
    if {"online", "http"} & set(asked.part):
        steps = [step for step in STEPS if (step if step == "http" else "online") in asked.part]
        sizes = ["5k"] if asked.quick else asked.sizes
        found["online"] = measured_online(sizes, asked.databases, _told, asked.keep, steps=steps)
        found["growth"] = growth(found["online"])
    if "screen" in asked.part:
        sizes, tasks = (["5k"], 500) if asked.quick else (asked.sizes, asked.tasks)
        found["screen"] = measured_screen(sizes, asked.databases, _told, asked.keep, tasks=tasks)
    return found


def _told(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    for name, known, shipped, what in (
        ("part", _PARTS, list(_PARTS), "parts"),
        ("sizes", SIZES, ["100k", "1m"], "sizes, how many records there are"),
        ("curve", PEOPLE, ["2k", "10k", "50k"], "sizes of the capacity part"),
        ("databases", DATABASES, list(DATABASES), "databases, of the online part"),
    ):
        about = f"some of {', '.join(known)}: {what} (shipped: {','.join(shipped)})"
        parser.add_argument(
            f"--{name}", type=_some_of(known), default=shipped, metavar=name.upper(), help=about
        )
    parser.add_argument("--quick", action="store_true", help="only 20k records, 5k of the other parts")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep the loaded databases of the online part and the screen there, or use them again",
    )
    parser.add_argument(
        "--tasks",
        type=int,
        default=50_000,
        metavar="N",
        help="review tasks that are open, of the screen part",
    )
    return parser


def _some_of(known: Iterable[str]) -> Callable[[str], list[str]]:
    def some(text: str) -> list[str]:
        named = [name.strip().lower() for name in text.split(",") if name.strip()]
        if not named or not set(named) <= set(known):
            raise argparse.ArgumentTypeError(f"name some of {', '.join(known)}")
        return named

    return some


if __name__ == "__main__":
    main()
