"""`python -m tests.notebooks [--write] [NAME…]`: carry the notebooks out; they have to print what is committed.

With --write, what they print and show is kept in them.
"""

from __future__ import annotations

import sys
import time

from tests.notebooks.running import NOTEBOOKS, carry_out, write_down


def main(*arguments: str) -> int:
    """Return 0 when all print what is committed."""
    wanted = [word for word in arguments if not word.startswith("-")]
    differing: list[str] = []
    for path in NOTEBOOKS:
        if wanted and not any(path.stem.startswith(word) for word in wanted):
            continue
        start = time.perf_counter()
        ran = carry_out(path)
        print(f"{path.stem}: {time.perf_counter() - start:.0f} s", flush=True)
        if "--write" in arguments and not ran.failed:
            write_down(path, ran.notebook)
        else:
            differing += ran.differing
    print("\n".join(differing), end="\n" if differing else "")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
