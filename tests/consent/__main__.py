"""Live 50,000 lives: `python -m tests.consent [how many] [first seed]`. Ends with 1 at the first that goes wrong."""

from __future__ import annotations

import sys
import time

from .test_lives import check


def main() -> int:
    count, first = (
        (int(told) for told in (*sys.argv[1:], "50000", "0")[:2])
        if len(sys.argv) < 3
        else map(int, sys.argv[1:3])
    )
    start = time.perf_counter()
    for seed in range(first, first + count):
        check(seed)
    print(f"{count:,} lives, nobody was reached against their last word; {time.perf_counter() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
