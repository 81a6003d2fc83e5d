"""The fault matrix: every row."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.rows import (
    accounts,
    carried,
    clocks,
    disks,
    followed,
    frozen,
    live,
    nights,
    replies,
    unsynced,
)

__all__ = ["FAULTS", "chosen"]

FAULTS: tuple[Fault, ...] = (
    *live.FAULTS,
    *carried.FAULTS,
    *followed.FAULTS,
    *accounts.FAULTS,
    *replies.FAULTS,
    *disks.FAULTS,
    *frozen.FAULTS,
    *unsynced.FAULTS,
    *nights.FAULTS,
    *clocks.FAULTS,
)


def chosen(names: list[str]) -> list[Fault]:
    """Return the faults whose names contain one of these, or all. KeyError for a name that none contains."""
    for name in names:
        if not any(name in fault.name for fault in FAULTS):
            raise KeyError(name)
    return [fault for fault in FAULTS if not names or any(name in fault.name for name in names)]
