"""A file that was read: what a load begins with."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from identity.ports import Load, LoadCounts

__all__ = ["Delivery"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file, read: its RECORDS and QUARANTINED rows, and the counts that add up to its rows."""

    load: Load
    records: pa.Table
    quarantined: pa.Table
    counts: LoadCounts
