"""The rows of the fault matrix, in the order in which they are run."""

from __future__ import annotations

from tests.faults.matrix import Fault
from tests.faults.rows import disks, kills, leases, lines, messages

__all__ = ["MATRIX"]

MATRIX: tuple[Fault, ...] = (*messages.ROWS, *disks.ROWS, *lines.ROWS, *leases.ROWS, *kills.ROWS)
