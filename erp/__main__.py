"""`python -m erp`: make the server ready; `python -m erp serve`: run one with nothing in it until Ctrl-C.

`python -m erp serve --installed`: only where it is ready; how it is reached is told as one line of JSON.
"""

from __future__ import annotations

import json
import sys
import threading
from contextlib import suppress

from erp.installation import ErpMissing, Installation, install, installed
from erp.server import running


def main(arguments: list[str]) -> int:
    """Return the exit code: 0 done, 1 when there is no server to be had, 2 when asked for something else."""
    if arguments not in ([], ["serve"], ["serve", "--installed"]):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        if arguments[1:]:
            _serve(installed(), as_json=True)
            return 0
        ready = install()
        print(f"Tryton is ready in {ready.folder}")
        if arguments:
            _serve(ready, as_json=False)
    except ErpMissing as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _serve(ready: Installation, *, as_json: bool) -> None:
    with running(ready) as erp, suppress(KeyboardInterrupt):
        told = {"url": erp.url, "database": erp.database, "user": erp.user, "password": erp.password}
        words = ", ".join(f"{name} {value}" for name, value in told.items())
        print(json.dumps(told) if as_json else words, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
