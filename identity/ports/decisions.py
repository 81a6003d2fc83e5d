"""What a unit of work around a few records knows of people's decisions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from identity.model.cluster import GoldenId
from identity.model.judgement import Judgement, Verdict
from identity.model.operation import Operation, ProfileImage
from identity.model.record import RecordKey

__all__ = ["DecisionWork", "Retirement"]


@dataclass(frozen=True, slots=True)
class Retirement:
    """How a golden id came to be merged away: who answers for it now, to whom it was led then, and which records both
    had just before."""

    retired: GoldenId
    survivor: GoldenId
    led_to: GoldenId
    change_id: str
    since: datetime
    retired_records: tuple[RecordKey, ...]
    led_to_records: tuple[RecordKey, ...]


class DecisionWork(Protocol):
    """Verdicts on pairs, and the operations they were given in. What is taken back stays known."""

    def verdicts(self, keys: Collection[RecordKey]) -> list[Verdict]:
        """Return every verdict in force that touches one of these records, in order."""
        ...

    def put_verdicts(self, verdicts: Collection[Verdict]) -> None:
        """Store verdicts, each in the name of its operation."""
        ...

    def withdraw(self, operation_id: str, by: str, judgement: Judgement | None = None) -> None:
        """Take back an operation's verdicts, or those of one judgement, in the name of the operation `by`."""
        ...

    def images(self, golden_ids: Collection[GoldenId]) -> dict[GoldenId, ProfileImage]:
        """Return each of these profiles as it is stored now, whatever its status."""
        ...

    def operation(self, operation_id: str) -> Operation | None: ...

    def put_operation(self, operation: Operation) -> None:
        """Store an operation; its change has been put before."""
        ...

    def reverse(self, operation_id: str, by: str) -> None:
        """Mark an operation as taken back by another one."""
        ...

    def retirement(self, golden_id: GoldenId) -> Retirement | None:
        """Return how an id that is merged away now came to be so; None for one that is not."""
        ...

    def told_since(self, keys: Collection[RecordKey], moment: datetime) -> set[RecordKey]:
        """Return those of these records that their sources told anew after a moment."""
        ...
