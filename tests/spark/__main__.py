"""`python -m tests.spark FILE …`: resolve Parquet files of canonical records on one machine and on Spark.

Ends with 1 where the two do not say the same.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from identity.engines.spark.session import session

from .alike import assert_same, both, canonical


def _alike(file: Path) -> bool:
    one, other = both(canonical(pq.read_table(file)))
    try:
        assert_same(one, other)
    except AssertionError as difference:
        print(f"{file.name}: NOT the same\n{difference}")
        return False
    people = len(set(one.clusters["cluster"].to_pylist()))
    print(
        f"{file.name}: {one.clusters.num_rows:,} records, {people:,} clusters, {one.links.num_rows:,} links, the same"
    )
    return True


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch, session("local[2]", Path(scratch), "2GB"):
        alike = [_alike(Path(name)) for name in sys.argv[1:]]
    sys.exit(not all(alike))
