"""`python -m erp`: make the server ready; `python -m erp serve`: run one with nothing in it until Ctrl-C."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress

from erp.installation import ErpMissing, install
from erp.server import running


def main(arguments: list[str]) -> int:
    """Return the exit code: 0 done, 1 when there is no server to be had, 2 when asked for something else."""
    if arguments not in ([], ["serve"]):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        ready = install()
        print(f"Tryton is ready in {ready.folder}")
        if arguments:
            with running(ready) as erp, suppress(KeyboardInterrupt):
                print(
                    f"{erp.url}, database {erp.database}, user {erp.user}, password {erp.password}",
                    flush=True,
                )
                threading.Event().wait()
    except ErpMissing as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
