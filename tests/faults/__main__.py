"""The fault matrix: `python -m tests.faults [--times N] [--only NAME …] [--list] [--json]`.

Ends with 1 where a promise was broken, with 2 where a row could not be run.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack

import orjson

from tests.faults.ground import Ground
from tests.faults.matrix import FAULTS, chosen
from tests.faults.running import Row, exit_code, run, table, told

_RED, _PLAIN = "\x1b[31m", "\x1b[0m"


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _asked(arguments)
    if asked.list:
        print("\n".join(f"{fault.name:34} {fault.times:>4}  {fault.expected}" for fault in FAULTS))
        return 0
    try:
        faults = chosen(asked.only)
    except KeyError as unknown:
        print(f"No fault is called {unknown}; --list names them.", file=sys.stderr)
        return 2
    # What outlives a command is kept apart from that of whoever runs this.
    with tempfile.TemporaryDirectory(prefix="identity-state-") as state, ExitStack() as stack:
        os.environ["XDG_STATE_HOME"] = state
        rows = run(faults, asked.times, Ground(stack), lambda text: print(text, file=sys.stderr, flush=True))
    print(orjson.dumps(told(rows), option=orjson.OPT_INDENT_2).decode() if asked.json else table(rows))
    _complain(rows)
    return exit_code(rows)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Break it, and look.")
    parser.add_argument("--times", type=int, help="inject each so often, whatever it says itself")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="rows whose name contains this")
    parser.add_argument("--list", action="store_true", help="name the rows and inject nothing")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)


def _complain(rows: Sequence[Row]) -> None:
    for row in rows:
        for violation in row.violations:
            print(f"{_RED}{violation}{_PLAIN}", file=sys.stderr)
        if row.missing:
            print(f"{_RED}{row.name} was not run: {row.missing}{_PLAIN}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
