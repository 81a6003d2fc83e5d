"""A DuckDB of one's own, and what it means that there is no more room for what it works on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from identity.model.errors import ModelError

__all__ = ["room"]

_REMEDY = (
    "Nothing of this work was kept. Let it have more memory (IDENTITY_MEMORY), or make room where it runs: what does "
    "not fit into memory is written into .tmp there."
)


@contextmanager
def room() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a DuckDB in memory, which goes with what it spilled. ModelError E609 where it has no more room."""
    try:
        with duckdb.connect() as work:
            yield work
    except (duckdb.OutOfMemoryException, duckdb.IOException):
        # The cause is dropped on purpose: databases quote values in their messages.
        raise ModelError("E609", "There is not enough room to work on these records.", _REMEDY) from None
