"""`python -m bench`: run the benchmark, print it, and keep it in bench/results/latest.json."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from bench.machine import machine
from bench.measure import SIZES, labelled_sets, measured_labelled, measured_population
from bench.processes import ROOT
from bench.tables import tables

__all__ = ["main"]

_LATEST = ROOT / "bench" / "results" / "latest.json"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the sizes asked for and the labelled sets, whose absence is no fault."""
    asked = _parser().parse_args(arguments)
    sizes = ["20k"] if asked.quick else asked.sizes
    results = _measured(sizes)
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


def _measured(sizes: Sequence[str]) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "populations": [measured_population(size, _told) for size in sizes],
        "labelled": [measured_labelled(file, _told) for file in labelled_sets()],
    }


def _told(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument(
        "--sizes", type=_sizes, default=["100k", "1m"], metavar="SIZES", help=f"some of {', '.join(SIZES)}"
    )
    parser.add_argument("--quick", action="store_true", help="only 20k records")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser


def _sizes(text: str) -> list[str]:
    sizes = [size.strip().lower() for size in text.split(",") if size.strip()]
    if not sizes or not set(sizes) <= set(SIZES):
        raise argparse.ArgumentTypeError(f"name some of {', '.join(SIZES)}")
    return sizes


if __name__ == "__main__":
    main()
