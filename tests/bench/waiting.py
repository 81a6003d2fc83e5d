"""A process for the tests of those side by side: says when its two phases began."""

from __future__ import annotations

import sys
import time

from bench.online.abreast import answer, ready


def main(delay: str) -> None:
    began = []
    for _ in range(2):
        time.sleep(float(delay))
        ready()
        began.append(time.perf_counter())
    answer({"began": began})


if __name__ == "__main__":
    main(sys.argv[1])
