"""What a re-match knows of earlier ones, and of what happened since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa

from identity.model.record import RecordKey
from identity.model.run import Run, RunStatus

__all__ = ["RunLog"]


class RunLog(Protocol):
    """The history of re-matches. Each call is a unit of work of its own."""

    def begin(self, run: Run) -> None:
        """Store a run that begins, or begins again under its id. One that was left running by a process that is gone is
        marked interrupted. Raises StoreError E413 while another one is running."""
        ...

    def beat(self, run_id: str, at: datetime) -> None:
        """Say that a run goes on."""
        ...

    def finish(self, run_id: str, status: RunStatus, at: datetime, report: Mapping[str, Any]) -> None: ...

    def decide(self, run_id: str, status: RunStatus, by: str, at: datetime) -> None:
        """Store what a person decided of a run that waits or was left running; any other stays as it is."""
        ...

    def put_moves(self, run_id: str, moves: pa.Table) -> None:
        """Store the MOVES that a run proposes."""
        ...

    def moves(self, run_id: str) -> pa.Table:
        """Return the MOVES that a run proposed, in key order."""
        ...

    def run(self, run_id: str) -> Run | None: ...

    def runs(self, limit: int = 20) -> list[Run]:
        """Return the latest runs, the latest first."""
        ...

    def last_applied(self) -> Run | None:
        """Return the latest run whose proposal was carried out."""
        ...

    def told_since(self, moment: datetime | None) -> list[RecordKey]:
        """Return the live records that their sources told at or after a moment (None: ever), in key order."""
        ...

    def queued(self) -> list[RecordKey]:
        """Return the records that wait to be decided again, be it with everybody in their block, in key order."""
        ...

    def profile_count(self) -> int:
        """Return how many profiles are live."""
        ...

    def loyalty_count(self) -> int:
        """Return how many live records bear a loyalty id."""
        ...
