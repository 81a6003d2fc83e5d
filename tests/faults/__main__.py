"""The fault matrix: `python -m tests.faults [--only NAME …] [--times N] [--list] [--json]`, or `make faults`.

Ends with 1 where a promise was broken, with 2 where a row could not be run here.
"""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Sequence

import orjson
import structlog

from tests.faults.matrix import Fault, Ran, as_plain, as_table, carry_out, chosen, exit_code
from tests.faults.rows import MATRIX


def main(words: Sequence[str] | None = None) -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    asked.add_argument("--only", nargs="*", default=(), metavar="NAME", help="these rows")
    asked.add_argument("--times", type=int, help="how often each is injected, in the place of its own number")
    asked.add_argument("--seed", type=int, default=1, help="the same one chooses the same moments")
    asked.add_argument("--list", action="store_true", help="say which rows there are, and end")
    asked.add_argument("--json", action="store_true", help="tell the table as JSON")
    told = asked.parse_args(words)
    try:
        rows = chosen(MATRIX, told.only)
    except ValueError as problem:
        asked.error(str(problem))
    if told.list:
        print("\n".join(f"{row.name} ({row.component}, {row.times} times): {row.injected}" for row in rows))
        return 0
    ran = _run(rows, told.times, told.seed)
    table = as_table(ran, colour=sys.stdout.isatty())
    print(
        orjson.dumps(as_plain(ran), option=orjson.OPT_INDENT_2).decode() if told.json else table, flush=True
    )
    return exit_code(ran)


def _run(rows: Sequence[Fault], times: int | None, seed: int) -> list[Ran]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    ran = list[Ran]()
    for row in carry_out(rows, times, seed, _progress):
        ran.append(row)
        _progress("")
        print("\n".join(as_table([row]).splitlines()[1:-1]), file=sys.stderr, flush=True)
    return ran


def _progress(told: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{told}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
