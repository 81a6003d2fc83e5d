"""`make contract`: ten thousand requests and more, over both databases, none answered with what is not documented."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from identity.store import migrate
from tests.contract.fuzz import Counted, fuzz
from tests.contract.world import world_at
from tests.databases import postgresql_server

_LEAST, _USUAL = 10_000, 160


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.contract", description=__doc__)
    asked.add_argument("--cases", type=int, default=_USUAL, help="for each operation and database")
    asked.add_argument("--seed", type=int, default=int(time.time()), help="the same one makes the same cases")
    asked.add_argument("--only", nargs="*", default=(), help="these operations")
    chosen = asked.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print(f"seed {chosen.seed}")
    told = [_database(name, chosen) for name in ("SQLite", "PostgreSQL")]
    total = sum(each.cases for each in told)
    print(f"{total:,} cases in total")
    few = chosen.cases >= _USUAL and not chosen.only and total < _LEAST
    return 1 if few or any(each.failures or each.without_success() for each in told) else 0


def _database(name: str, chosen: argparse.Namespace) -> Counted:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, _address(name, folder) as url:
        migrate(url)
        with world_at(url, Path(folder)) as world:
            counted = fuzz(world, chosen.cases, chosen.seed, only=chosen.only)
    print(
        f"{name}: {counted.cases:,} cases in {time.monotonic() - began:.0f} s; of those that follow the document "
        f"{counted.share_of_successes():.0%} were answered 2xx or 304; {len(counted.failures)} operations failed"
    )
    for operation in counted.without_success():
        print(f"  {operation} was never answered 2xx")
    for operation, failure in counted.failures.items():
        print(f"\n{operation}\n{failure}")
    sys.stdout.flush()
    return counted


@contextmanager
def _address(name: str, folder: str) -> Iterator[str]:
    if name == "SQLite":
        yield f"sqlite:///{folder}/identity.db"
        return
    with postgresql_server() as server, server.database() as url:
        yield url


if __name__ == "__main__":
    sys.exit(main())
