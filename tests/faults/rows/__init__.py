"""The rows of the fault matrix, in the order in which they are run."""

from __future__ import annotations

from tests.faults.matrix import Fault
from tests.faults.rows import clocks, disks, kills, leases, lines, messages, restores, systems

__all__ = ["MATRIX"]

MATRIX: tuple[Fault, ...] = (
    *clocks.ROWS,
    *messages.ROWS,
    *restores.ROWS,
    *disks.ROWS,
    *lines.ROWS,
    *systems.ROWS,
    *leases.ROWS,
    *kills.ROWS,
)
